import Format

/// The CounterFact data set (Meng et al. 2022, *Locating and Editing Factual Associations in GPT*) as memories.
///
/// Files are read as they are published, a JSON array of records in one of two layouts: nested, the original's, where
/// `requested_rewrite` holds the template, the subject and the targets as `{"str", "id"}`; or flat, where they stand in
/// the record and the targets are strings.
public enum CounterFact {
  /// The records of the file at `path`, in its order.
  ///
  /// Records are not checked against each other: the published set asks different targets of some prompts, which
  /// `Spec` refuses.
  ///
  /// - Throws: `FormatError` of kind `spec` where a record lacks something or has a value of the wrong kind, with a place
  ///   such as `counterfact.json: [3].requested_rewrite.target_new.str`; of kind `json`, `missing` or `unreadable`
  ///   for what comes before.
  public static func read(path: String) throws(FormatError) -> [CounterFactRecord] {
    let root = try JSONDocument(path: path).root
    guard matches(root) else {
      throw root.mismatch("not a CounterFact file", expected: #"an array of objects with the key "case_id""#)
    }
    return try records(root).map(\.record)
  }

  /// Whether a JSON text is meant as such a file; one good record is enough, so that errors tell the broken ones.
  static func matches(_ root: JSONValue) -> Bool {
    root.elements.contains { $0["case_id"] != nil || $0["requested_rewrite"] != nil }
  }

  /// All records, each with its own value and that of its target.
  ///
  /// - Throws: `FormatError` of kind `spec`.
  static func records(
    _ root: JSONValue
  ) throws(FormatError) -> [(record: CounterFactRecord, value: JSONValue, target: JSONValue)] {
    let elements = root.elements
    let isNested = elements.contains { $0["requested_rewrite"] != nil }
    var result: [(record: CounterFactRecord, value: JSONValue, target: JSONValue)] = []
    result.reserveCapacity(elements.count)
    var uses: [Int: Int] = [:]
    for element in elements {
      let fields = try CounterFactFields(element, isNested: isNested)
      let use = uses[fields.caseID, default: 0] + 1
      uses[fields.caseID] = use
      let name = "counterfact-\(fields.caseID)" + (use > 1 ? "-\(use)" : "")
      result.append((try fields.record(name: name), element, fields.targetNew))
    }
    return result
  }
}

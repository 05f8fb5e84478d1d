import Format

/// Reader of the CounterFact data set (Meng et al. 2022, *Locating and Editing Factual Associations in GPT*).
///
/// A file is a JSON array of records, as published, in one of two layouts. In the original, nested one
/// `requested_rewrite` holds the template, the subject and the targets as `{"str", "id"}`; in the flat one they are
/// members of the record, and the targets are strings.
package enum CounterFact {
  /// Reads the records of the file at `path`, in its order.
  ///
  /// Records are not checked against each other: the published set gives some prompts several targets, which `Spec`
  /// refuses.
  ///
  /// - Throws: `FormatError` of kind `spec` where a record is incomplete or has a value of the wrong kind, with a
  ///   location such as `counterfact.json: [3].requested_rewrite.target_new.str`; of kind `json`, `missing` or
  ///   `unreadable` where the file is no JSON.
  package static func read(path: String) throws(FormatError) -> [CounterFactRecord] {
    let root = try JSONDocument(path: path).root
    guard matches(root) else {
      throw root.mismatch("not a CounterFact file", expected: #"an array of objects with the key "case_id""#)
    }
    return try records(root).map(\.record)
  }

  /// Whether a JSON text is meant as CounterFact; one good record is enough, so that the broken ones are reported.
  static func matches(_ root: JSONValue) -> Bool {
    root.elements.contains { $0["case_id"] != nil || $0["requested_rewrite"] != nil }
  }

  /// Reads all records, each with its JSON value and its target's.
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

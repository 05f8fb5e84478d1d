import Format

/// The values of one CounterFact record, in either layout.
struct CounterFactFields {
  let caseID: Int
  let subject: String
  let template: JSONValue
  let targetNew: JSONValue
  private let targetTrue: JSONValue
  private let value: JSONValue

  init(_ value: JSONValue, isNested: Bool) throws(FormatError) {
    guard value.isObject else { throw value.mismatch("not a record", expected: "an object") }
    self.value = value
    let number = try value.required("case_id")
    guard let int = number.int else { throw number.mismatch("wrong value", expected: "a whole number") }
    caseID = int
    let fact = isNested ? try value.required("requested_rewrite") : value
    guard fact.isObject else { throw fact.mismatch("wrong value", expected: "an object") }
    subject = try fact.required("subject").nonEmptyString()
    if let template = fact["prompt_template"] {
      self.template = template
    } else {
      template = try fact.required("prompt")
    }
    func target(_ key: String) throws(FormatError) -> JSONValue {
      let target = try fact.required(key)
      return target.isObject ? try target.required("str") : target
    }
    targetNew = try target("target_new")
    targetTrue = try target("target_true")
  }

  /// - Throws: `FormatError` of kind `spec`.
  func record(name: String) throws(FormatError) -> CounterFactRecord {
    func list(_ key: String) throws(FormatError) -> [String] { try value[key]?.nonEmptyStrings() ?? [] }
    let paraphrases = try list("paraphrase_prompts")
    let neighbors = try list("neighborhood_prompts")
    let prompt = try filledTemplate()
    let memory = MemorySpec(
      counterFact: name, prompt: prompt, target: try targetNew.spacedString(), subject: subject,
      heldOut: CounterFactHeldOut(paraphrases: paraphrases, neighbors: neighbors, prompt: prompt))
    return CounterFactRecord(
      caseID: caseID, memory: memory, targetTrue: try targetTrue.spacedString(), paraphrases: paraphrases,
      neighbors: neighbors, attributes: try list("attribute_prompts"),
      generationPrompts: try list("generation_prompts"))
  }

  /// The key prompt: the template with the subject put in, or, in flat files without one, the record's prompt.
  private func filledTemplate() throws(FormatError) -> String {
    let text = try template.nonEmptyString()
    let bytes = Array(text.utf8)
    if let gap = bytes.indices.dropLast().first(where: { bytes[$0] == 0x7B && bytes[$0 + 1] == 0x7D }) {
      return String(decoding: bytes[..<gap] + subject.utf8 + bytes[(gap + 2)...], as: UTF8.self)
    }
    guard text.hasBytes(of: subject) else {
      throw template.mismatch("the subject is missing", expected: "{} or \(quoted(subject)) in it")
    }
    return text
  }
}

extension JSONValue {
  /// A non-empty string with a leading space, added where it has none: CounterFact's targets are bare words.
  fileprivate func spacedString() throws(FormatError) -> String {
    let text = try nonEmptyString()
    return text.utf8.first == 0x20 ? text : " " + text
  }
}

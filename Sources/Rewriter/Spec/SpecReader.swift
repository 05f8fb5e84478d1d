import Format
import Runtime

/// The optional settings of a memory, which `defaults` may give.
struct SpecSettings {
  var positives: [String] = []
  var negatives: [String] = []
  var heldOutPositives: [String] = []
  var heldOutNegatives: [String] = []
  var subject: String?
  var method = MemorySpec.Method.auto
  var site = Choice<Site>.auto
  var layer = Choice<Int>.auto
  var alpha = Choice<Double>.auto
  var boundary = Choice<Double>.auto
  var hardness = Choice<Double>.auto
  var targetTokens = MemorySpec.TargetTokens.all
  var token = MemorySpec.Token.auto
  var prefixes = Choice<[String]>.auto
  var isChat = false
  var conversations: [ByteString: [ChatMessage]] = [:]

  static let requiredKeys = ["name", "prompt", "target"]
  static let optionalKeys = [
    "positives", "negatives", "method", "site", "layer", "alpha", "boundary", "hardness", "target_tokens",
    "subject", "token", "held_out", "prefixes", "chat", "as",
  ]

  init() {}

  /// Reads each key from `entry`, else from `defaults`; the rest keeps its initial value.
  init(_ entry: JSONValue, defaults: JSONValue? = nil) throws(FormatError) {
    func value(_ key: String) -> JSONValue? { entry[key] ?? defaults?[key] }
    if let value = value("positives") { positives = try value.prompts(&conversations) }
    if let value = value("negatives") { negatives = try value.prompts(&conversations) }
    if let value = value("held_out") { try readHeldOut(value) }
    if let value = value("subject") { subject = try value.nonEmptyString() }
    if let value = value("method") { method = try value.word(MemorySpec.Method.self) }
    if let value = value("site") { site = try value.siteChoice() }
    if let value = value("layer") { layer = try value.layerChoice() }
    if let value = value("alpha") { alpha = try value.positiveChoice() }
    if let value = value("boundary") { boundary = try value.boundaryChoice() }
    if let value = value("hardness") { hardness = try value.positiveChoice() }
    if let value = value("target_tokens") { targetTokens = try value.word(MemorySpec.TargetTokens.self) }
    if let value = value("token") { token = try value.token() }
    if let value = value("prefixes") { prefixes = try value.prefixesChoice() }
    if let value = value("chat") { isChat = try value.flag() }
    if let value = value("as") { isChat = try value.styles().chat }
  }

  private mutating func readHeldOut(_ value: JSONValue) throws(FormatError) {
    guard value.isObject else {
      throw value.mismatch("wrong value", expected: #"{"positives": […], "negatives": […]}"#)
    }
    try value.rejectUnknownKeys(known: ["positives", "negatives"])
    heldOutPositives = try value["positives"]?.prompts(&conversations) ?? []
    heldOutNegatives = try value["negatives"]?.prompts(&conversations) ?? []
  }

  /// Checks every default, also those that no memory uses.
  static func validateDefaults(_ defaults: JSONValue) throws(FormatError) {
    guard defaults.isObject else { throw defaults.mismatch("wrong value", expected: "an object") }
    for key in requiredKeys where defaults[key] != nil {
      throw FormatError(
        .spec, "\(defaults.location).\(key)", "cannot have a default", expected: "the key in each memory")
    }
    try defaults.rejectUnknownKeys(known: optionalKeys)
    _ = try SpecSettings(defaults)
  }
}

extension MemorySpec {
  /// Reads one memory of a spec, or the entry that a manifest keeps of one.
  ///
  /// - Throws: `FormatError` of kind `spec`.
  public init(_ entry: JSONValue, defaults: JSONValue? = nil) throws(FormatError) {
    guard entry.isObject else { throw entry.mismatch("not a memory", expected: "an object") }
    try entry.rejectUnknownKeys(known: SpecSettings.requiredKeys + SpecSettings.optionalKeys)
    let given = JSONNode(entry)
    var complete = given
    if let added = defaults?.members.filter({ entry[$0.key.description] == nil }), !added.isEmpty,
      case .object(let members) = given
    {
      complete = .object(members + added.map { ($0.key.description, JSONNode($0.value)) })
    }
    var settings = try SpecSettings(entry, defaults: defaults)
    self.init(
      name: try entry.required("name").memoryName(),
      prompt: try entry.required("prompt").prompt(&settings.conversations),
      target: try entry.required("target").nonEmptyString(), settings: settings, entry: given, completeEntry: complete)
    try rejectContradictions(entry)
    try rejectUnchatted(entry)
  }

  /// Makes a memory of single values; the caller checks that they agree.
  init(
    name: String, prompt: String, target: String, settings: SpecSettings, entry: JSONNode, completeEntry: JSONNode
  ) {
    self.name = name
    self.prompt = prompt
    self.target = target
    positives = settings.positives
    negatives = settings.negatives
    heldOutPositives = settings.heldOutPositives
    heldOutNegatives = settings.heldOutNegatives
    subject = settings.subject
    method = settings.method
    site = settings.site
    layer = settings.layer
    alpha = settings.alpha
    boundary = settings.boundary
    hardness = settings.hardness
    targetTokens = settings.targetTokens
    token = settings.token
    prefixes = settings.prefixes
    isChat = settings.isChat
    conversations = settings.conversations
    self.entry = entry
    self.completeEntry = completeEntry
  }

  /// Checks that each prompt is in one list, that a token `subject` has a subject, and that the prompt contains it.
  private func rejectContradictions(_ entry: JSONValue) throws(FormatError) {
    let lists = [
      ("prompt", [prompt]), ("positives", positives), ("negatives", negatives),
      ("held_out.positives", heldOutPositives), ("held_out.negatives", heldOutNegatives),
    ]
    var listOf = [ByteString: Int](minimumCapacity: lists.reduce(0) { $0 + $1.1.count })
    for (i, (key, prompts)) in lists.enumerated() {
      for prompt in prompts {
        guard let other = listOf.updateValue(i, forKey: ByteString(prompt)), other != i else { continue }
        // The key prompt counts as a positive anyway.
        if (other, i) == (0, 1) { continue }
        throw FormatError(
          .spec, entry.location(of: key), "\(quoted(prompt)) is in \(lists[other].0) too",
          expected: "it in one list")
      }
    }
    if token == .subject, subject == nil {
      throw FormatError(
        .spec, entry.location(of: "token"), "the memory has no subject", expected: #"the key "subject" beside it"#)
    }
    if let subject, !prompt.hasBytes(of: subject) {
      throw FormatError(
        .spec, entry.location(of: "subject"), "the subject is not in the prompt",
        expected: "a part of \(quoted(prompt))", got: quoted(subject))
    }
  }
}

extension JSONValue {
  /// The location of the value under `path`, or the one that it would have.
  fileprivate func location(of path: String) -> String {
    var value: JSONValue? = self
    for key in path.split(separator: ".") { value = value?[String(key)] }
    return value?.location ?? "\(location).\(path)"
  }
}

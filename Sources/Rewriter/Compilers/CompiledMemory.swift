import Format
import Runtime

/// One memory with how it came about.
public struct CompiledMemory: Sendable {
  public var spec: MemorySpec
  public var targetIDs: [Int]
  public var address: SiteAddress
  /// The token of the key prompt whose activation made the key.
  public var token: MemorySpec.Token
  public var rows: [MemoryRow]
  /// Gradient steps of each row's delta.
  public var steps: [Int]
  /// The first row's boundary curve: one point where the boundary is pinned, none where site and layer are too.
  public var curve: [BoundaryPoint] = []
  /// All patches that the locate pass tried.
  public var trials: [PatchTrial] = []
  /// Why this candidate was taken, in a sentence.
  public var reason: String
  /// The candidates that were looked at closely, in that order.
  public var considered: [Candidate]
  /// How many tokens of text that has nothing to do with it the first row acts on, where that was counted.
  public var otherText: (fired: Int, of: Int)?
  /// The amount of text that key and delta were made with, where that was more than the key prompt.
  public var contexts: ContextCounts?
  /// What the compile was given beside base and entry, as the file keeps it.
  var options: JSONNode = .null
}

extension CompiledMemory {
  /// The memory as a file keeps it.
  ///
  /// - Parameter scores: as measured on the patched model.
  func memory(scores: JSONNode) -> Memory {
    var memory = Memory(
      name: spec.name, prompt: spec.prompt, target: spec.target, targetIDs: targetIDs, method: spec.method.rawValue,
      site: address.site.rawValue, layer: address.layer, token: token.description, rows: rows,
      entry: spec.completeEntry, scores: scores)
    memory.options = options
    return memory
  }
}

extension CompiledMemory {
  /// What a part or a journal keeps among a memory's scores, for the report.
  var notes: [(String, JSONNode)] {
    let node: JSONNode = ["reason": .string(reason), "steps": .array(steps.map(JSONNode.int))]
    return [
      (
        "compiled",
        node.adding(otherText.map { [("other_text", .array([.int($0.fired), .int($0.of)]))] } ?? [])
      )
    ]
  }

  /// A memory of a part or a journal, with the spec that its entry is.
  ///
  /// What is only shown of a memory in the making (trials, curves, candidates) is not kept there.
  /// - Throws: `FormatError` where the entry is no memory of a spec.
  init(_ memory: Memory, location: String) throws(FormatError) {
    let location = "\(location): memory \(memory.name)"
    spec = try MemorySpec(JSONDocument(memory.entry.bytes(), location: location).root)
    guard let method = MemorySpec.Method(rawValue: memory.method), let site = Site(rawValue: memory.site),
      let token = MemorySpec.Token(memory.token), ByteString(spec.name) == ByteString(memory.name)
    else {
      throw FormatError(.manifest, location, "not a memory that a compile left for a later one")
    }
    spec.method = method
    targetIDs = memory.targetIDs
    address = SiteAddress(layer: memory.layer, site: site)
    self.token = token
    rows = memory.rows
    options = memory.options
    let notes = try JSONDocument(memory.scores.bytes(), location: location).root["compiled"]
    reason = notes?["reason"]?.string ?? ""
    let given = notes?["steps"]?.elements.compactMap(\.int) ?? []
    steps = given.count == rows.count ? given : rows.map { _ in 0 }
    considered = []
    if let counts = notes?["other_text"]?.elements.compactMap(\.int), counts.count == 2 {
      otherText = (fired: counts[0], of: counts[1])
    }
  }
}

extension MemorySpec.Token {
  /// Reads the word that `description` gives.
  fileprivate init?(_ word: String) {
    switch word {
    case "auto": self = .auto
    case "last": self = .last
    case "subject": self = .subject
    default:
      guard let index = Int(word) else { return nil }
      self = .index(index)
    }
  }
}

extension MemorySpec {
  /// Whether the spec leaves nothing to be chosen: the post's computation with its published settings.
  var isPinned: Bool {
    method == .seed && site != .auto && layer != .auto && alpha != .auto && boundary != .auto
  }

  /// Whether method and address are the compiler's to choose.
  var isOpen: Bool { method == .auto && site == .auto && layer == .auto && alpha == .auto }
}

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
}

extension CompiledMemory {
  /// The memory as a file keeps it.
  ///
  /// - Parameter scores: as measured on the patched model.
  func memory(scores: JSONNode) -> Memory {
    Memory(
      name: spec.name, prompt: spec.prompt, target: spec.target, targetIDs: targetIDs, method: spec.method.rawValue,
      site: address.site.rawValue, layer: address.layer, token: token.description, rows: rows,
      entry: spec.completeEntry, scores: scores)
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

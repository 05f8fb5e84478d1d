import Format

/// The spec that the memories of a file came from, and what else a compile of the same bytes must be given.
///
/// A compile of the spec on the file's base gives the file's bytes. Where memories were added to others, each addition is
/// a step with a spec of its own, which is compiled into the file of the steps before. What a file does not tell: whether
/// other memories were compiled with these and taken out, replaced or merged later.
public struct SavedSpec: Sendable {
  /// The memories that one compile added, and its options.
  public struct Step: Sendable {
    /// The memories' names, in the file's order.
    public var names: [String]
    /// The options of `rewrite` that the compile had, a text each; none where all were the defaults.
    public var options: [String]
  }

  /// In the order of the compiles; not empty.
  public let steps: [Step]
  /// The spec of the steps asked for.
  public let spec: Spec

  /// Reads the entries that a file keeps of its memories.
  ///
  /// - Parameters:
  ///   - checkpoint: a patched file or a sidecar.
  ///   - step: the step, from 1, whose memories the spec has; nil for all.
  /// - Throws: `FormatError` of kind `memoryTable` where there are no memories or no such step, of kind `manifest` or
  ///   `spec` where the file does not keep a spec's entry of each memory.
  public init(of checkpoint: Checkpoint, step: Int? = nil) throws(FormatError) {
    guard !checkpoint.memories.isEmpty else {
      throw FormatError(.memoryTable, checkpoint.path, "holds no memories")
    }
    var groups: [(options: CompileOptions, memories: [Memory])] = []
    for memory in checkpoint.memories {
      let options = try Self.options(of: memory, in: checkpoint)
      if let known = groups.firstIndex(where: { $0.options == options }) {
        groups[known].memories.append(memory)
      } else {
        groups.append((options, [memory]))
      }
    }
    groups.sort { $0.options.step < $1.options.step }
    steps = groups.map { Step(names: $0.memories.map(\.name), options: Self.words(of: $0.memories, $0.options)) }
    if let step, !(1...groups.count ~= step) {
      throw FormatError(
        .memoryTable, checkpoint.path, "there is no such step", expected: "1 to \(groups.count)", got: "\(step)")
    }
    let chosen = step.map { groups[$0 - 1].memories } ?? checkpoint.memories
    let node: JSONNode = ["memories": .array(chosen.map(\.entry))]
    spec = try Spec(json: node.bytes(), location: "\(checkpoint.path): memory.manifest")
  }

  private static func options(of memory: Memory, in checkpoint: Checkpoint) throws(FormatError) -> CompileOptions {
    let location = "\(checkpoint.path): memory \(memory.name)"
    guard case .object = memory.entry else {
      throw FormatError(.manifest, location, "the file does not keep what it was compiled from", expected: "an entry")
    }
    return try CompileOptions(memory.options, location: "\(location): options")
  }

  private static func words(of memories: [Memory], _ options: CompileOptions) -> [String] {
    let method = memories.lazy.compactMap(\.overridingMethod).first
    return (method.map { ["--method \($0)"] } ?? []) + options.words
  }

  /// The spec as a file: an entry per memory, with the defaults filled in.
  public var text: String {
    let node: JSONNode = ["memories": .array(spec.memories.map(\.completeEntry))]
    return node.text(pretty: true) + "\n"
  }

  /// What a compile must be given beside the spec of a step, in a line; nil where that is nothing.
  ///
  /// - Parameter number: the step, from 1; nil for all.
  public func note(of number: Int? = nil) -> String? {
    if let number = number ?? (steps.count == 1 ? 1 : nil) {
      let options = steps[number - 1].options
      return options.isEmpty ? nil : "compiled with \(options.joined(separator: " "))"
    }
    let list = steps.enumerated().map { i, step in
      "step \(i + 1): \(step.names.listed(limit: 3))"
        + (step.options.isEmpty ? "" : ", with \(step.options.joined(separator: " "))")
    }
    return "compiled one after the other, each beside those before (--step N prints one of them): "
      + list.joined(separator: "; ")
  }
}

extension Memory {
  /// The method, where the command line gave another one than the entry.
  fileprivate var overridingMethod: String? {
    var given = MemorySpec.Method.auto.rawValue
    if case .object(let members) = entry, case .string(let word)? = members.first(where: { $0.0 == "method" })?.1 {
      given = word
    }
    return given == method ? nil : method
  }
}

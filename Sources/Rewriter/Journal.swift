import Format
import Foundation

/// What is done of a compile of many memories: a sidecar beside the output, so that the compile can go on after an
/// interruption. It goes away with the compile's success.
final class Journal {
  /// The number of memories from which on a compile keeps one.
  static let fewest = 8

  let path: String
  private let checkpoint: Checkpoint
  private let identity: () -> String
  private let interval: Duration
  private(set) var part: MemoryPart
  private var memories: [Memory] = []
  private var saved = ContinuousClock.now
  /// The places of memories that an earlier run compiled.
  let resumed: Set<Int>

  /// - Parameters:
  ///   - part: without memories.
  ///   - output: the file that the compile writes.
  ///   - resumes: whether to go on with a journal that is there.
  ///   - identity: the base's; asked for when the first memories are saved.
  /// - Throws: `FormatError` of kind `exists` where a journal is there and neither `resumes` nor `replacing` is set, of
  ///   kind `memoryTable` where it is of another compile.
  init(
    _ part: MemoryPart, beside output: String, of checkpoint: Checkpoint, resumes: Bool, replacing: Bool,
    interval: Duration, identity: @escaping () -> String
  ) throws(FormatError) {
    path = output + ".journal"
    (self.part, self.checkpoint, self.interval, self.identity) = (part, checkpoint, interval, identity)
    guard access(path, F_OK) == 0, resumes || !replacing else {
      resumed = []
      return
    }
    guard resumes else {
      throw FormatError(
        .exists, path, "the journal of an interrupted compile: --resume goes on with it, --force begins anew")
    }
    let file = try Checkpoint(path: path)
    guard let known = try file.part() else {
      throw FormatError(.memoryTable, path, "not the journal of a compile")
    }
    guard known.compile == part.compile, known.shard == part.shard, known.shards == part.shards else {
      throw FormatError(
        .memoryTable, path,
        "the journal of another compile (another base, spec, share or setting): --force begins anew",
        expected: part.title, got: known.title)
    }
    self.part = known
    memories = file.memories
    resumed = Set(known.indices)
  }

  /// The memories that are done, with their places in the spec.
  var entries: [(index: Int, memory: Memory)] { Array(zip(part.indices, memories)) }

  /// Takes note of what was compiled, and saves it from time to time.
  func note(_ compiled: [(index: Int, memory: CompiledMemory)]) throws(FormatError) {
    part.indices += compiled.map(\.index)
    memories += compiled.map { $0.memory.memory(scores: .object($0.memory.notes)) }
    if ContinuousClock.now - saved >= interval { try save() }
  }

  func note(_ failure: MemoryPart.Failure) { part.failed.append(failure) }

  /// Writes all that is done.
  func save() throws(FormatError) {
    guard !memories.isEmpty else { return }
    try checkpoint.prepareSidecar(
      memories: memories, to: path, replacing: true, baseHash: identity(), part: part
    ).commit()
    saved = .now
  }

  /// How to go on, for the error of a compile that was interrupted.
  var hint: String? {
    memories.isEmpty ? nil : "\(memories.count) of \(part.count) memories are kept in \(path): --resume goes on"
  }

  func remove() { unlink(path) }
}

extension MemoryPart {
  /// The part and the beginning of its compile's hash, for errors.
  var title: String { "part \(shard) of \(shards) of compile \(compile.prefix(8))" }
}

extension FormatError {
  /// A copy that ends in a further note.
  func adding(_ note: String) -> FormatError {
    var error = self
    error.problem += "; \(note)"
    return error
  }
}

extension RewriteJob {
  /// The journal of the compile; nil for one of few memories, and for one that writes nothing.
  func journal(_ identity: BaseIdentity) throws(FormatError) -> Journal? {
    guard let output = request.sidecar ?? request.output, share.count >= Journal.fewest else { return nil }
    return try Journal(
      emptyPart(identity), beside: output, of: checkpoint, resumes: request.resumes, replacing: request.replacing,
      interval: request.journalInterval, identity: identity.wait)
  }

  /// What the sidecar is a part of; nil where the request is for the whole.
  func part(_ identity: BaseIdentity, of compiled: [(index: Int, memory: CompiledMemory)]) -> MemoryPart? {
    guard request.share != nil else { return nil }
    var part = emptyPart(identity)
    part.indices = places(of: compiled.map(\.index))
    part.failed = failures
    return part
  }

  private func emptyPart(_ identity: BaseIdentity) -> MemoryPart {
    let share = request.share ?? CompileShare(number: 1, count: 1)
    var part = MemoryPart(
      compile: hash(identity), shard: share.number, shards: share.count, count: request.spec.memories.count)
    part.table = request.table
    return part
  }

  /// A hash of all that the compiled rows depend on.
  private func hash(_ identity: BaseIdentity) -> String {
    func told(_ entry: JSONNode, _ method: String) -> JSONNode { .array([.string(method), entry]) }
    let node: JSONNode = [
      "tool": .string(toolVersion), "base": .string(identity.wait()), "seed": .string("\(request.seed)"),
      "settings": .string("\(request.settings)"), "table": .string(request.table?.rawValue ?? ""),
      "configuration": .string(SHA256.hex(checkpoint.companion(.config) ?? [])),
      "tokenizer": .string(SHA256.hex(checkpoint.companion(.tokenizer) ?? [])),
      "background": request.background.map { .array($0.map(JSONNode.string)) } ?? .null,
      "kept": .array(checkpoint.memories.map { told($0.entry, $0.method) }),
      "spec": .array(request.specs.map { told($0.completeEntry, $0.method.rawValue) }),
    ]
    return SHA256.hex(node.bytes())
  }
}

import Format
import Foundation
import Rewriter
import Runtime

/// `rewrite`: compiles memories into a checkpoint, or takes them out.
public enum RewriteCommand: Command {
  public static let table = RewriteOptions.table

  public static func run(_ arguments: ParsedArguments, on console: Console) throws -> Int32 {
    let options = try RewriteOptions(arguments)
    var checkpoint = try Checkpoint(path: options.base, dtype: options.dtype)
    if options.dtype != nil, !checkpoint.isConverted {
      throw UsageError("--dtype: only tensors of a .gguf file are converted")
    }
    switch options.action {
    case .strip: return try strip(checkpoint, options, on: console)
    case .remove(let names):
      try remove(names, from: &checkpoint)
      return try writeRemaining(checkpoint, removed: names, options, on: console)
    case .compile(let spec, let removed):
      try remove(removed, from: &checkpoint)
      return try compile(spec, checkpoint, options, on: console)
    }
  }

  private static func compile(
    _ specPath: String, _ checkpoint: Checkpoint, _ options: RewriteOptions, on console: Console
  ) throws -> Int32 {
    let request = RewriteRequest(
      spec: try Spec(path: specPath), method: options.method, output: options.dryRun ? nil : options.output,
      replacing: options.force, map: options.map, seed: options.seed,
      background: try options.background.map { try TextLines(path: $0, expected: "a passage").lines.map(\.text) },
      statistics: options.statistics)
    let isTold = !options.quiet && console.errorIsTerminal
    let pipeline = Pipeline(checkpoint, pool: WorkerPool(threads: options.threads)) { step in
      if isTold { console.writeError("\r\u{1B}[Krewrite: \(step.printable())") }
    }
    defer { if isTold { console.writeError("\r\u{1B}[K") } }
    let result = try pipeline.run(request)
    if isTold { console.writeError("\r\u{1B}[K") }
    try console.write(options.json ? result.json.text() + "\n" : TextReport(result).text)
    return result.holds ? 0 : 3
  }

  /// - Throws: `FormatError` for a name that no memory of the file has.
  private static func remove(_ names: [String], from checkpoint: inout Checkpoint) throws(FormatError) {
    for name in names {
      guard let index = checkpoint.memories.firstIndex(where: { ByteString($0.name) == ByteString(name) })
      else {
        let known = checkpoint.memories.map(\.name)
        throw FormatError(
          .memoryTable, checkpoint.path, "no such memory to remove",
          expected: known.isEmpty ? "a file with memories" : known.prefix(10).joined(separator: " or "),
          got: name)
      }
      checkpoint.memories.remove(at: index)
    }
  }

  private static func writeRemaining(
    _ checkpoint: Checkpoint, removed: [String], _ options: RewriteOptions, on console: Console
  ) throws -> Int32 {
    if let output = options.output, !options.dryRun {
      try checkpoint.write(memories: checkpoint.memories, to: output, replacing: options.force)
    }
    let kept = checkpoint.memories.map(\.name)
    if options.json {
      let node: JSONNode = [
        "removed": .array(removed.map(JSONNode.string)), "memories": .array(kept.map(JSONNode.string)),
      ]
      try console.write(node.text() + "\n")
    } else {
      try console.write(
        "removed \(removed.joined(separator: ", ").printable()); \(kept.count) memories remain\n")
    }
    return 0
  }

  private static func strip(
    _ checkpoint: Checkpoint, _ options: RewriteOptions, on console: Console
  ) throws -> Int32 {
    if let output = options.output, !options.dryRun {
      try checkpoint.writeBase(to: output, replacing: options.force)
    }
    let names = checkpoint.memories.map(\.name)
    if options.json {
      let node: JSONNode = [
        "stripped": .array(names.map(JSONNode.string)), "tensors": .int(checkpoint.tensors.count),
      ]
      try console.write(node.text() + "\n")
    } else {
      try console.write(
        "stripped \(names.count) memories and the embedded files; \(checkpoint.tensors.count) base tensors remain\n"
      )
    }
    return 0
  }
}

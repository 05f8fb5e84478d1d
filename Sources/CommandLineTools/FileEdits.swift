import Format
import Rewriter
import Runtime

/// What `rewrite` does with files without compiling anything.
enum FileEdits {
  /// Writes the memories that a checkpoint has now, to a whole model, to a file of their own, or to both.
  static func write(
    _ checkpoint: Checkpoint, removed: [String], merged: [String], _ options: RewriteOptions,
    _ progress: ProgressLine, on console: Console
  ) throws -> Int32 {
    let outputs = options.dryRun ? [] : [options.output, options.sidecar].compactMap(\.self)
    try checkpoint.checkOutputs(outputs, replacing: options.force)
    let check =
      merged.isEmpty || checkpoint.isSidecar
      ? nil : try MergeCheck(checkpoint, pool: WorkerPool(threads: options.threads), progress: progress.tell)
    if !options.dryRun {
      let identity = checkpoint.identity(progress: progress.tell)
      if let output = options.output {
        if checkpoint.isSidecar {
          try checkpoint.writeSidecar(
            memories: checkpoint.memories, to: output, replacing: options.force, baseHash: identity)
        } else {
          try checkpoint.write(
            memories: checkpoint.memories, to: output, replacing: options.force, baseHash: identity
          ) { progress.tell(StepProgress("writing", $0, of: $1)) }
        }
      }
      if let sidecar = options.sidecar {
        try checkpoint.writeSidecar(
          memories: checkpoint.memories, to: sidecar, replacing: options.force, baseHash: identity)
      }
    }
    progress.end()
    let names = checkpoint.memories.map(\.name)
    if options.json {
      func list(_ names: [String]) -> JSONNode { .array(names.map(JSONNode.string)) }
      var members = [("removed", list(removed)), ("memories", list(names))]
      if let check {
        members += [("merged", list(merged)), ("broken", list(check.broken)), ("idle", list(check.idle))]
      }
      let node = JSONNode.object(members)
      try console.write(node.text() + "\n")
    } else {
      try console.write(text(removed, merged, names, check))
    }
    return check?.broken.isEmpty == false ? 3 : 0
  }

  private static func text(_ removed: [String], _ merged: [String], _ names: [String], _ check: MergeCheck?) -> String {
    var parts: [String] = []
    if !removed.isEmpty { parts.append("removed \(removed.joined(separator: ", "))") }
    if !merged.isEmpty { parts.append("merged \(merged.joined(separator: ", "))") }
    parts.append("\(names.count) memories" + (merged.isEmpty && !removed.isEmpty ? " remain" : ""))
    var lines = [parts.joined(separator: "; ").printable()]
    for name in check?.broken ?? [] {
      lines.append("\(name): gives its target alone, not beside the others".printable())
    }
    for name in check?.idle ?? [] { lines.append("\(name): does not give its target by itself".printable()) }
    return lines.map { $0 + "\n" }.joined()
  }

  static func strip(
    _ checkpoint: Checkpoint, _ options: RewriteOptions, _ progress: ProgressLine, on console: Console
  ) throws -> Int32 {
    if let output = options.output, !options.dryRun {
      try checkpoint.writeBase(to: output, replacing: options.force) {
        progress.tell(StepProgress("writing", $0, of: $1))
      }
    }
    progress.end()
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

  static func verify(
    _ checkpoint: Checkpoint, _ options: RewriteOptions, _ progress: ProgressLine, on console: Console
  ) throws -> Int32 {
    let found = try Verification(checkpoint, progress: progress.tell)
    progress.end()
    // Whether the tables fit the model is known once it is loaded.
    if found.base != nil, checkpoint.companion(.config) != nil, found.memoryCount > 0 {
      _ = try LanguageModel(checkpoint, pool: WorkerPool(threads: 1))
    }
    if options.json {
      let node: JSONNode = [
        "base": found.base.map(JSONNode.string) ?? .null,
        "recorded_base": found.recordedBase.map(JSONNode.string) ?? .null, "tensors": .int(found.tensorCount),
        "memories": .int(found.memoryCount), "rows": .int(found.rowCount),
      ]
      try console.write(node.text() + "\n")
      return 0
    }
    let base =
      switch (found.base, found.recordedBase) {
      case (let base?, nil): "\(found.tensorCount) tensors, \(base), never patched"
      case (let base?, _): "\(found.tensorCount) tensors, \(base) as recorded"
      case (nil, let recorded): "not in this file; made for \(recorded ?? "none")"
      }
    let memories = "\(found.memoryCount) in \(found.rowCount) rows, tables and manifest in order"
    try console.write("base: \(base)\nmemories: \(memories)\n")
    return 0
  }
}

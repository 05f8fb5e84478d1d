import Foundation

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Compiles the entries of a spec into `base`; a nil `output` is a dry run.
@discardableResult
func compile(
  _ base: Checkpoint, _ entries: String, to output: String? = nil, method: MemorySpec.Method? = nil, threads: Int = 2,
  map: Bool = false
) throws -> RewriteResult {
  try Pipeline(base, pool: WorkerPool(threads: threads)).run(
    RewriteRequest(spec: Spec(entries: entries), method: method, output: output, replacing: true, map: map))
}

/// The path of a file to be written, in a new folder of its own.
func outputPath() throws -> String {
  let folder = NSTemporaryDirectory() + "pipeline-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  return "\(folder)/out.safetensors"
}

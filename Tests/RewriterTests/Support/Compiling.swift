@testable import Format
@testable import Rewriter
@testable import Runtime

/// Compiles the entries of a spec into `base`; a nil `output` is a dry run.
@discardableResult
func compile(
  _ base: Checkpoint, _ entries: String, to output: String? = nil, method: MemorySpec.Method? = nil, threads: Int = 2,
  map: Bool = false, figures: Bool = false
) throws -> RewriteResult {
  try Pipeline(base, pool: WorkerPool(threads: threads)).run(
    RewriteRequest(
      spec: Spec(entries: entries), method: method, output: output, replacing: true, map: map, figures: figures))
}

import Runtime

extension WorkerPool {
  /// Calls `body` with each of `0..<count`, side by side; `body` may use no pool.
  func each(_ count: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { run(count, ClosureLoop(body: $0)) }
  }

  /// What `body` makes of each address, side by side; `body` may use no pool.
  func each<Result>(of addresses: [SiteAddress], _ body: (SiteAddress) -> Result?) -> [Result] {
    var results = [Result?](repeating: nil, count: addresses.count)
    results.withUnsafeMutableBufferPointer { results in
      let slots = results.baseAddress!
      each(addresses.count) { slots[$0] = body(addresses[$0]) }
    }
    return results.compactMap(\.self)
  }
}

private struct ClosureLoop: ParallelLoop {
  let body: (Int) -> Void

  func run(_ index: Int) { body(index) }
}

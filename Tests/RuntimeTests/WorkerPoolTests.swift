import Foundation
import Testing

@testable import Runtime

/// Loops that are shared by threads.
@Suite struct WorkerPoolTests {
  private struct Counting: ParallelLoop {
    let counts: UnsafeMutableBufferPointer<Int>
    func run(_ index: Int) { counts[index] += 1 }
  }

  @Test func loopsRunEveryTaskOnce() {
    let pool = WorkerPool(threads: 4)
    for count in [0, 1, 2, 3, 7, 64, 1000] {
      for _ in 0..<50 {
        let counts = UnsafeMutableBufferPointer<Int>.allocate(capacity: max(1, count))
        defer { counts.deallocate() }
        counts.initialize(repeating: 0)
        pool.run(count, Counting(counts: counts))
        #expect(counts.prefix(count).allSatisfy { $0 == 1 })
      }
    }
  }

  private struct CountingRanges: RangeLoop {
    let counts: UnsafeMutableBufferPointer<Int>
    func run(_ range: Range<Int>) {
      for i in range { counts[i] += 1 }
    }
  }

  @Test(arguments: [1, 4], [0, 1, 5, 16, 17, 1000])
  func rangesCoverEveryIndexOnce(_ threads: Int, _ count: Int) {
    let pool = WorkerPool(threads: threads)
    let counts = UnsafeMutableBufferPointer<Int>.allocate(capacity: max(1, count))
    defer { counts.deallocate() }
    counts.initialize(repeating: 0)
    pool.runRanges(count, grain: 8, CountingRanges(counts: counts))
    #expect(counts.prefix(count).allSatisfy { $0 == 1 })
  }

  // Exit tests that capture values came with Swift 6.3.
  #if compiler(>=6.3)
    /// Starts a second loop from within each task.
    private struct Nesting: ParallelLoop, RangeLoop {
      let pool: WorkerPool
      let usesRanges: Bool
      func run(_ index: Int) { run(index..<index + 1) }
      func run(_ range: Range<Int>) {
        if usesRanges { pool.runRanges(1, grain: 1, Nothing()) } else { pool.run(1, Nothing()) }
      }
    }

    private struct Nothing: ParallelLoop, RangeLoop {
      func run(_ index: Int) {}
      func run(_ range: Range<Int>) {}
    }

    private struct Waiting: ParallelLoop {
      let started: DispatchSemaphore
      func run(_ index: Int) {
        started.signal()
        sleep(60)
      }
    }

    private func expectMessage(_ result: ExitTest.Result?) throws {
      let output = try #require(result).standardErrorContent
      #expect(String(decoding: output, as: UTF8.self).contains("a pool runs one loop at a time"))
    }

    @Test func loopsWithinALoopTrap() async throws {
      try expectMessage(
        await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          let pool = WorkerPool(threads: 3)
          pool.run(8, Nesting(pool: pool, usesRanges: false))
        })
      try expectMessage(
        await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          let pool = WorkerPool(threads: 3)
          pool.runRanges(8, grain: 1, Nesting(pool: pool, usesRanges: true))
        })
    }

    /// One thread runs tasks without sharing them; what may be written must not depend on that.
    @Test func loopsWithinALoopOfOneThreadTrap() async throws {
      try expectMessage(
        await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          let pool = WorkerPool(threads: 1)
          pool.run(8, Nesting(pool: pool, usesRanges: true))
        })
      try expectMessage(
        await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
          let pool = WorkerPool(threads: 1)
          pool.runRanges(8, grain: 1, Nesting(pool: pool, usesRanges: false))
        })
    }

    @Test(arguments: [1, 3])
    func loopsOfTwoThreadsTrap(_ threads: Int) async throws {
      try expectMessage(
        await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [threads] in
          let pool = WorkerPool(threads: threads)
          let started = DispatchSemaphore(value: 0)
          Thread { pool.run(8, Waiting(started: started)) }.start()
          started.wait()
          pool.run(8, Nothing())
        })
    }
  #endif
}

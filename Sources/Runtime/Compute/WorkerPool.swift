import Foundation
import Kernels
import Synchronization

/// The body of a loop of independent tasks: a value on its caller's stack, as a closure would go to the heap per loop.
package protocol ParallelLoop {
  func run(_ index: Int)
}

extension ParallelLoop {
  fileprivate static func run(_ loop: UnsafeRawPointer, _ index: Int) {
    loop.assumingMemoryBound(to: Self.self).pointee.run(index)
  }
}

/// The body of a loop whose tasks are ranges.
package protocol RangeLoop {
  func run(_ range: Range<Int>)
}

/// Threads that share loops of independent tasks.
///
/// Between loops the threads spin for some microseconds before they sleep, so that a model's dozens of loops per
/// token cost no system calls. Which thread runs a task changes no result, as no two tasks write the same memory.
public final class WorkerPool: Sendable {
  /// The number of threads, the caller's included.
  public let threads: Int
  private let state = State()
  private let operationCount = Atomic<Int>(0)
  private let isRunning = Atomic<Bool>(false)

  /// Floating-point operations of products with weights so far; a multiplication and an addition are two.
  package var operations: Int { operationCount.load(ordering: .relaxed) }

  /// Counts the operations of a product [rows, inputs] × [inputs, outputs].
  func countProduct(rows: Int, _ inputs: Int, _ outputs: Int) {
    operationCount.add(2 * rows * inputs * outputs, ordering: .relaxed)
  }

  /// - Parameter threads: nil for one per processor.
  public init(threads: Int? = nil) {
    self.threads = max(1, min(threads ?? ProcessInfo.processInfo.activeProcessorCount, 256))
    for _ in 1..<max(1, self.threads) {
      let thread = Thread { [state] in state.work() }
      thread.stackSize = 1 << 20
      thread.start()
    }
  }

  deinit { state.stop() }

  /// Runs `loop` once per index of `0..<count`, in any order and on any thread, and returns when all have returned.
  ///
  /// One loop at a time: traps when called from within a loop, or by a second thread while one runs.
  package func run(_ count: Int, _ loop: some ParallelLoop) {
    begin()
    defer { end() }
    if threads == 1 || count <= 1 {
      for i in 0..<count { loop.run(i) }
      return
    }
    precondition(count <= State.countLimit, "a loop of more tasks than a ticket can count")
    withUnsafePointer(to: loop) { state.run(count, Job(loop: $0, type: type(of: loop))) }
  }

  /// Splits `0..<count` into ranges whose sizes, but the last, are multiples of `grain`, and runs `loop` with each.
  ///
  /// - Parameter partsPerThread: the more, the less a thread waits for another's last part.
  package func runRanges(_ count: Int, grain: Int, partsPerThread: Int = 4, _ loop: some RangeLoop) {
    let grains = (count + grain - 1) / grain
    let parts = threads == 1 ? 1 : min(grains, threads * partsPerThread)
    guard parts > 1 else {
      begin()
      defer { end() }
      if count > 0 { loop.run(0..<count) }
      return
    }
    run(parts, Parts(loop: loop, count: count, grain: grain, parts: parts))
  }

  private func begin() {
    if isRunning.exchange(true, ordering: .acquiring) {
      fatalError("WorkerPool: a loop was started while another runs; a pool runs one loop at a time")
    }
  }

  private func end() { isRunning.store(false, ordering: .releasing) }

  private struct Parts<Loop: RangeLoop>: ParallelLoop {
    let loop: Loop
    let count: Int
    let grain: Int
    let parts: Int

    func run(_ part: Int) {
      let grains = (count + grain - 1) / grain
      let begin = grains * part / parts * grain
      let end = min(grains * (part + 1) / parts * grain, count)
      if begin < end { loop.run(begin..<end) }
    }
  }

  /// A loop on its caller's stack.
  private struct Job {
    let loop: UnsafeRawPointer
    let type: any ParallelLoop.Type
  }
}

extension WorkerPool {
  /// The state that the threads share.
  ///
  /// A ticket packs the loop's number, its count and the next index into one word, so that a thread that comes late to
  /// a loop can never take a task of the next one.
  private final class State: Sendable {
    static let countLimit = 1 << 20 - 1
    private static let spins = 4000

    private let ticket = Atomic<UInt64>(0)
    private let done = Atomic<Int>(0)
    private let job = Atomic<UInt>(0)
    private let sleeping = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let wake = DispatchSemaphore(value: 0)

    private static func pack(_ generation: UInt64, _ count: Int, _ index: Int) -> UInt64 {
      generation << 40 | UInt64(count) << 20 | UInt64(index)
    }

    func run(_ count: Int, _ job: Job) {
      withUnsafePointer(to: job) { pointer in
        let generation = (ticket.load(ordering: .relaxed) >> 40 + 1) & 0xFF_FFFF
        done.store(0, ordering: .relaxed)
        self.job.store(UInt(bitPattern: pointer), ordering: .relaxed)
        ticket.store(Self.pack(generation, count, 0), ordering: .sequentiallyConsistent)
        for _ in 0..<sleeping.exchange(0, ordering: .sequentiallyConsistent) { wake.signal() }
        takeTasks(generation)
        var waited = 0
        while done.load(ordering: .acquiring) < count {
          kernel_pause()
          waited += 1
          if waited > Self.spins { sched_yield() }
        }
      }
    }

    private func takeTasks(_ generation: UInt64) {
      while true {
        let current = ticket.load(ordering: .acquiring)
        let index = Int(current & 0xF_FFFF)
        guard current >> 40 == generation, index < Int(current >> 20 & 0xF_FFFF) else { return }
        guard
          ticket.weakCompareExchange(
            expected: current, desired: current + 1, ordering: .acquiringAndReleasing
          ).exchanged
        else { continue }
        // The loop cannot end before this task has: the pointer is its own.
        let job = UnsafePointer<Job>(bitPattern: job.load(ordering: .relaxed))!
        job.pointee.type.run(job.pointee.loop, index)
        done.add(1, ordering: .releasing)
      }
    }

    func work() {
      var seen: UInt64 = 0
      while !stopped.load(ordering: .relaxed) {
        let generation = waitForLoop(after: seen)
        takeTasks(generation)
        seen = generation
      }
    }

    private func waitForLoop(after seen: UInt64) -> UInt64 {
      for _ in 0..<Self.spins {
        let generation = ticket.load(ordering: .acquiring) >> 40
        if generation != seen { return generation }
        kernel_pause()
      }
      sleeping.add(1, ordering: .sequentiallyConsistent)
      if ticket.load(ordering: .sequentiallyConsistent) >> 40 != seen
        || stopped.load(ordering: .sequentiallyConsistent)
      {
        // Take the announcement back, unless the caller has already answered it with a signal.
        var count = sleeping.load(ordering: .relaxed)
        while count > 0 {
          let (exchanged, original) = sleeping.compareExchange(
            expected: count, desired: count - 1, ordering: .sequentiallyConsistent)
          if exchanged { return ticket.load(ordering: .acquiring) >> 40 }
          count = original
        }
      }
      wake.wait()
      return ticket.load(ordering: .acquiring) >> 40
    }

    func stop() {
      stopped.store(true, ordering: .sequentiallyConsistent)
      for _ in 0..<sleeping.exchange(0, ordering: .sequentiallyConsistent) { wake.signal() }
    }
  }
}

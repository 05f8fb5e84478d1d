import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import Format

@Suite struct PendingFileTests {
  /// None takes another's temporary file for one that a killed process left.
  @Test func filesOfOneOutputAtOnceStayApart() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    let lengths = Mutex<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { i in
      for round in 0..<5000 {
        let count = 1 + 8 * round + i
        guard let file = try? PendingFile(at: path), (try? file.resize(to: count)) != nil,
          let seen = try? file.mapped().count, seen == count
        else { continue }
        lengths.withLock { $0.append(seen) }
      }
    }
    #expect(lengths.withLock { $0.sorted() } == Array(1...40_000))
    #expect(try folder.names().isEmpty)
  }
}

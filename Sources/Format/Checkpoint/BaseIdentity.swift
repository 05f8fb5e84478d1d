import Foundation
import Synchronization

/// The identity of a base, computed beside other work on what the processors have left over.
package final class BaseIdentity: Sendable {
  private let value = Mutex<String?>(nil)
  private let done = DispatchSemaphore(value: 0)

  /// - Parameter known: the identity, where it need not be computed.
  package init(_ checkpoint: Checkpoint, known: String? = nil) {
    if let known = known ?? (checkpoint.isSidecar ? checkpoint.recordedBase : nil) {
      value.withLock { $0 = known }
      done.signal()
      return
    }
    let thread = Thread { [self] in
      beNice()
      let hash = checkpoint.baseHash(isParallel: false)
      value.withLock { $0 = hash }
      done.signal()
    }
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// Waits for the identity.
  package func wait() -> String {
    done.wait()
    defer { done.signal() }
    return value.withLock { $0 ?? "" }
  }
}

import Dispatch

extension Array where Element: Sendable {
  /// Returns `body` of each element in the elements' order, computed on all processors.
  func concurrentMap<Value: Sendable>(_ body: @Sendable (Element) -> Value) -> [Value] {
    guard !isEmpty else { return [] }
    return [Value](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      // Each iteration has a slot of its own.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: count) { i in
        slots.initializeElement(at: i, to: body(self[i]))
      }
      initializedCount = count
    }
  }
}

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

extension Range<Int> {
  /// Calls `body` with parts of the range that cover it, on all processors; a small range is one part.
  ///
  /// - Parameters:
  ///   - grain: the sizes of the parts, but the last, are multiples of it.
  ///   - elementsPerUnit: the work for one of the range's integers, in elements.
  func concurrentParts(grain: Int, elementsPerUnit: Int, _ body: @Sendable (Range<Int>) -> Void) {
    // Enough elements for a part that starting a thread costs little beside them.
    let grains = Swift.max(1, (1 << 16) / Swift.max(1, grain * elementsPerUnit))
    let size = grain * grains
    let parts = (count + size - 1) / size
    guard parts > 1 else { return body(self) }
    DispatchQueue.concurrentPerform(iterations: parts) { part in
      let start = lowerBound + part * size
      body(start..<Swift.min(start + size, upperBound))
    }
  }
}

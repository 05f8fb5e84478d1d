import Synchronization

extension Checkpoint {
  /// Computes the identity of the base: SHA-256 over a line `name⇥dtype⇥shape⇥hash⏎` per tensor, sorted by name; in
  /// hexadecimal.
  ///
  /// - Parameters:
  ///   - isParallel: whether all processors take part.
  ///   - progress: called with the bytes read so far, from any thread.
  public func baseHash(isParallel: Bool = true, progress: @Sendable (StepProgress) -> Void = { _ in }) -> String {
    let sorted = tensors.sorted { $0.name < $1.name }
    let total = sorted.reduce(0) { $0 &+ $1.byteCount }
    let read = Atomic(0)
    @Sendable func hash(_ tensor: Tensor) -> String {
      let hash = tensor.sha256()
      progress(StepProgress("hashing", read.add(tensor.byteCount, ordering: .relaxed).newValue, of: total))
      return hash
    }
    let hashes = isParallel ? sorted.concurrentMap(hash) : sorted.map(hash)
    var lines: [UInt8] = []
    for (tensor, hash) in zip(sorted, hashes) {
      let shape = "[" + tensor.shape.map(String.init).joined(separator: ",") + "]"
      lines += tensor.name.bytes + Array("\t\(tensor.dtype.rawValue)\t\(shape)\t\(hash)\n".utf8)
    }
    return SHA256.hex(lines)
  }
}

extension Checkpoint {
  /// Checks that the memories of two versions of a file can stand in one: whole models with the same base tensors and
  /// metadata, or sidecars for the same base.
  ///
  /// - Throws: `FormatError` of kind `memoryTable`.
  package func requireMergeable(with other: Checkpoint) throws(FormatError) {
    func reject(_ problem: String, _ expected: String, _ got: String) throws(FormatError) {
      guard expected != got else { return }
      throw FormatError(.memoryTable, other.path, problem, expected: expected, got: got)
    }
    func kind(_ file: Checkpoint) -> String { file.isSidecar ? "memories alone" : "a whole model" }
    func others(_ file: Checkpoint) -> String {
      file.metadata.filter { !$0.key.hasPrefix("memory.") }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    }
    for file in [self, other] where try file.part() != nil {
      throw FormatError(.memoryTable, file.path, "a part of a compile, which rewrite --merge puts together")
    }
    try reject("is of another kind", kind(self), kind(other))
    if isSidecar {
      try reject("its memories are made for another base", recordedBase ?? "none", other.recordedBase ?? "none")
    }
    let changes = baseChanges(to: other)
    if !changes.isEmpty {
      let names = changes.map(\.name.description).listed()
      throw FormatError(.memoryTable, other.path, "its base tensors are others", expected: "the same", got: names)
    }
    try reject("its metadata are others", others(self), others(other))
  }

  /// The one of two versions whose embedded files a merge keeps: ours, or theirs where they alone changed them.
  ///
  /// - Parameter base: the version that both go back to.
  /// - Throws: `FormatError` of kind `memoryTable` where both changed them, not alike.
  package static func keeper(
    of base: Checkpoint, ours: Checkpoint, theirs: Checkpoint
  ) throws(FormatError) -> Checkpoint {
    func differing(_ a: Checkpoint, _ b: Checkpoint) -> CompanionFile? {
      CompanionFile.allCases.first { a.companion($0) != b.companion($0) }
    }
    guard let file = differing(ours, theirs), differing(base, theirs) != nil else { return ours }
    guard differing(base, ours) != nil else { return theirs }
    throw FormatError(
      .memoryTable, "\(theirs.path): \(file.tensorName)", "both sides changed the embedded files",
      expected: "the same bytes")
  }
}

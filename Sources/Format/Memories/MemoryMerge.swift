/// The memories of two versions of a file that go back to a third, brought together by name.
///
/// What one side alone added, changed or removed is taken. Names are compared byte by byte.
package struct MemoryMerge {
  /// The memories of our side in its order, without those that their side removed, then those that it added.
  package private(set) var memories: [Memory] = []
  /// What both sides did that does not go together; empty where `memories` is the result.
  package private(set) var conflicts: [Conflict] = []

  /// A memory that the two sides have otherwise.
  package struct Conflict: Equatable {
    package var name: String
    /// What each side did, in a few words.
    package var problem: String
  }

  package init(base: [Memory], ours: [Memory], theirs: [Memory]) {
    let (old, other) = (Self.byName(base), Self.byName(theirs))
    for memory in ours {
      let name = ByteString(memory.name)
      if let kept = merged(old[name], memory, other[name]) { memories.append(kept) }
    }
    let known = Self.byName(ours)
    for memory in theirs where known[ByteString(memory.name)] == nil {
      if let kept = merged(old[ByteString(memory.name)], nil, memory) { memories.append(kept) }
    }
    rejectSecondTargets(ours: known, theirs: other)
  }

  private static func byName(_ memories: [Memory]) -> [ByteString: Memory] {
    Dictionary(memories.map { (ByteString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The memory of one name, of which a side may have none; nil where it is gone.
  private mutating func merged(_ base: Memory?, _ ours: Memory?, _ theirs: Memory?) -> Memory? {
    func areSame(_ a: Memory?, _ b: Memory?) -> Bool { a.map(MemoryRecord.init) == b.map(MemoryRecord.init) }
    if areSame(ours, theirs) || areSame(base, theirs) { return ours }
    if areSame(base, ours) { return theirs }
    guard let ours else { return conflict(theirs, "removed on our side, changed on theirs") }
    guard let theirs else { return conflict(ours, "changed on our side, removed on theirs") }
    // Scores depend on what was compiled beside.
    if MemoryChange(old: ours, new: theirs).isNone, ours.entry.text() == theirs.entry.text() { return ours }
    return conflict(ours, base == nil ? "added on both sides, not alike" : "changed on both sides, not alike")
  }

  private mutating func conflict(_ memory: Memory?, _ problem: String) -> Memory? {
    conflicts.append(Conflict(name: memory?.name ?? "", problem: problem))
    return memory
  }

  /// Finds memories of different sides that give one prompt two targets.
  private mutating func rejectSecondTargets(ours: [ByteString: Memory], theirs: [ByteString: Memory]) {
    func isOfOneSide(_ a: Memory, _ b: Memory) -> Bool {
      [ours, theirs].contains { $0[ByteString(a.name)] != nil && $0[ByteString(b.name)] != nil }
    }
    var asked: [[ByteString]: [Memory]] = [:]
    for memory in memories where !memory.prompt.isEmpty {
      // The same words in text and in chat are two prompts.
      let question = [ByteString(memory.prompt), memory.isChat ? "chat" : "text"]
      let rival = asked[question, default: []].first {
        ByteString($0.target) != ByteString(memory.target) && !isOfOneSide($0, memory)
      }
      if let rival {
        conflicts.append(Conflict(name: memory.name, problem: "gives the prompt of \(rival.name) another target"))
      }
      asked[question, default: []].append(memory)
    }
  }
}

/// All that a file keeps of a memory, to be compared.
private struct MemoryRecord: Equatable {
  var texts: [ByteString]
  var numbers: [Int]
  var rows: [MemoryRow]

  init(_ memory: Memory) {
    let nodes = [memory.entry, memory.scores, memory.options].map { $0.text() }
    texts = ([memory.name, memory.prompt, memory.target, memory.method, memory.site, memory.token] + nodes).map {
      ByteString($0)
    }
    numbers = memory.targetIDs + [memory.layer]
    rows = memory.rows
  }
}

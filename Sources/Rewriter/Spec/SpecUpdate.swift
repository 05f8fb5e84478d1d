import Format

/// How the memories of a file become those of a spec, by their names: which are compiled, and which are taken out.
public struct SpecUpdate: Sendable {
  /// What the spec adds or has otherwise than the file.
  public private(set) var added: [MemorySpec] = []
  public private(set) var changed: [MemorySpec] = []
  /// The names of the file's memories that the spec does not have.
  public let removed: [String]
  /// The number of memories that stay as they are.
  public private(set) var unchangedCount = 0

  /// Compares the entries that a file keeps of its memories with those of a spec, whatever the order of their keys.
  public init(_ memories: [Memory], to spec: Spec) {
    let entries = Dictionary(
      memories.map { (ByteString($0.name), $0.entry.sorted) }, uniquingKeysWith: { first, _ in first })
    for memory in spec.memories {
      switch entries[ByteString(memory.name)] {
      case nil: added.append(memory)
      case memory.completeEntry.sorted?: unchangedCount += 1
      default: changed.append(memory)
      }
    }
    let names = Set(spec.memories.map { ByteString($0.name) })
    removed = memories.map(\.name).filter { !names.contains(ByteString($0)) }
  }

  /// What is to be compiled; may be empty.
  public var compiled: [MemorySpec] { changed + added }

  public var summary: String {
    "\(added.count) added, \(changed.count) changed, \(removed.count) removed, \(unchangedCount) as they were"
  }

  public var json: JSONNode {
    [
      "added": .array(added.map { .string($0.name) }), "changed": .array(changed.map { .string($0.name) }),
      "removed": .array(removed.map(JSONNode.string)), "unchanged": .int(unchangedCount),
    ]
  }
}

extension JSONNode {
  /// The text of the value with the keys of each object in the order of their bytes.
  fileprivate var sorted: String {
    func sorted(_ node: JSONNode) -> JSONNode {
      switch node {
      case .object(let members):
        .object(members.map { ($0.0, sorted($0.1)) }.sorted { ByteString($0.0) < ByteString($1.0) })
      case .array(let elements): .array(elements.map(sorted))
      default: node
      }
    }
    return sorted(self).text()
  }
}

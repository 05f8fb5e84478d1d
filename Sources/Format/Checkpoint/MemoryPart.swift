/// What a sidecar says of itself that holds a part of a compile: the metadata entry `memory.part`, a JSON object.
///
/// A part is a share of a compile that several machines do, or as much as is done of one that goes on.
public struct MemoryPart: Sendable, Equatable {
  /// SHA-256, in hexadecimal, of all that the compile's result depends on.
  public var compile: String
  /// The share that the part is of, from 1 to `shards`.
  public var shard: Int
  public var shards: Int
  /// The number of memories of the whole spec.
  public var count: Int
  /// The places in the spec, from 0, of the file's memories, in the file's order.
  public var indices: [Int]
  public var failed: [Failure]
  /// The dtype, F32 or BF16, of the tables of the file that the parts are made for; nil for that of the base's memories.
  public var table: Dtype?

  /// A memory that could not be compiled.
  public struct Failure: Sendable, Equatable {
    /// Its place in the spec.
    public var index: Int
    public var name: String
    /// The error, in a line.
    public var problem: String

    public init(index: Int, name: String, problem: String) {
      (self.index, self.name, self.problem) = (index, name, problem)
    }
  }

  static let key: ByteString = "memory.part"

  public init(compile: String, shard: Int, shards: Int, count: Int, indices: [Int] = [], failed: [Failure] = []) {
    self.compile = compile
    self.shard = shard
    self.shards = shards
    self.count = count
    self.indices = indices
    self.failed = failed
  }

  var entry: ByteString {
    let node: JSONNode = [
      "compile": .string(compile), "shard": .int(shard), "shards": .int(shards), "count": .int(count),
      "indices": .array(indices.map(JSONNode.int)),
      "failed": .array(
        failed.map { ["index": .int($0.index), "name": .string($0.name), "problem": .string($0.problem)] }),
    ]
    let told: JSONNode = table.map { .string($0.rawValue) } ?? .null
    return ByteString(node.adding([("table", told)]).text())
  }

  fileprivate init?(_ root: JSONValue) {
    guard let compile = root["compile"]?.string, let shard = root["shard"]?.int, let shards = root["shards"]?.int,
      let count = root["count"]?.int, let indices = root["indices"], indices.isArray, let failed = root["failed"],
      failed.isArray
    else { return nil }
    let (places, failures) = (indices.elements.compactMap(\.int), failed.elements.compactMap(Failure.init))
    guard places.count == indices.count, failures.count == failed.count else { return nil }
    self.init(compile: compile, shard: shard, shards: shards, count: count, indices: places, failed: failures)
    table = root["table"]?.string.flatMap(Dtype.init)
  }

  /// Whether the numbers can be those of a file with as many memories.
  fileprivate func fits(_ memories: Int) -> Bool {
    let all = indices + failed.map(\.index)
    return shards > 0 && 1...shards ~= shard && indices.count == memories && Set(all).count == all.count
      && all.allSatisfy { 0..<max(0, count) ~= $0 }
  }
}

extension MemoryPart.Failure {
  fileprivate init?(_ value: JSONValue) {
    guard let index = value["index"]?.int, let name = value["name"]?.string, let problem = value["problem"]?.string
    else { return nil }
    self.init(index: index, name: name, problem: problem)
  }
}

extension Checkpoint {
  /// The part of a compile that the file holds; nil where it does not say so.
  ///
  /// - Throws: `FormatError` of kind `manifest` where the entry is damaged or is not about the file's memories.
  package func part() throws(FormatError) -> MemoryPart? {
    guard let entry = metadata.first(where: { $0.key == MemoryPart.key })?.value else { return nil }
    let location = "\(path): metadata \(MemoryPart.key)"
    let root = try JSONDocument(entry.bytes, location: location).root
    guard let part = MemoryPart(root), part.fits(memories.count) else {
      throw FormatError(
        .manifest, location, "not the description of a part with these memories",
        expected: "compile, shard, shards, count, indices, failed", got: entry.description.printable(limit: 80))
    }
    return part
  }
}

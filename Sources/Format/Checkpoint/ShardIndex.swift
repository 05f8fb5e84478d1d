import Foundation

/// The shards of a checkpoint and what their index says of them.
///
/// The shards themselves say which tensors there are, as transformers has it: an index that is wrong about them is read
/// with a warning, and refused only where it leaves two contents for one tensor.
struct ShardIndex {
  private(set) var tensors: [Tensor] = []
  private(set) var metadata: [(key: ByteString, value: ByteString)]?
  /// The paths of the index and its shards.
  private(set) var paths: [String]
  /// What is wrong with the index and changes nothing, each a line that names the index.
  private(set) var warnings: [String] = []

  private let path: String
  /// The shard that the index has each tensor in.
  private let listed: [ByteString: ByteString]
  /// Where the tensors were found.
  private var found: [ByteString: (tensor: Int, shard: ByteString)] = [:]
  private var repeated: [ByteString] = []

  /// Opens the shards of an index.
  ///
  /// - Parameter path: the path of a `model.safetensors.index.json`.
  /// - Throws: `FormatError` of kind `index` where the index names a file outside its folder or two shards hold
  ///   different tensors of one name; of the kinds of `CheckpointFiles` for a shard.
  init(path: String) throws(FormatError) {
    self.path = path
    paths = [path]
    listed = try Self.listedShards(of: path)
    for shard in Set(listed.values).sorted() { try open(shard) }
    warn(of: repeated, "has in two shards, the same bytes in both")
    let names = tensors.map(\.name)
    warn(of: names.filter { listed[$0] == nil }, "does not list, though a shard has it")
    warn(of: names.filter { listed[$0] != nil && listed[$0] != found[$0]?.shard }, "has in another shard than it is in")
    warn(of: listed.keys.filter { found[$0] == nil }, "lists, though no shard has it")
  }

  private mutating func open(_ shard: ByteString) throws(FormatError) {
    let file = (SplitPath(path).folder as NSString).appendingPathComponent(shard.description)
    let part = try CheckpointFiles(file: MappedFile(path: file))
    for tensor in part.tensors {
      guard let known = found[tensor.name] else {
        found[tensor.name] = (tensors.count, shard)
        tensors.append(tensor)
        continue
      }
      guard tensors[known.tensor].hasSameContent(as: tensor) else {
        throw FormatError(
          .index, path, "two shards have tensor \(tensor.name), and its values differ",
          expected: "one of \(known.shard) and \(shard)", got: "both")
      }
      repeated.append(tensor.name)
    }
    metadata = metadata ?? part.metadata
    paths += part.paths
  }

  private mutating func warn(of names: [ByteString], _ what: String) {
    guard !names.isEmpty else { return }
    warnings.append("\(path): the index \(what): \(names.sorted().map(\.description).listed())")
  }

  /// The shard of each tensor of an index, as a path within the index's folder.
  private static func listedShards(of index: String) throws(FormatError) -> [ByteString: ByteString] {
    let root = try JSONDocument(path: index).root
    guard let map = root["weight_map"], map.isObject else {
      throw FormatError(.index, index, "weight_map is missing or not an object")
    }
    var shards: [ByteString: ByteString] = [:]
    for (tensor, value) in map.members {
      guard let shard = value.stringBytes.flatMap(pathInside) else {
        throw FormatError(
          .index, value.location, "not a file in the index's own folder or one below it", got: value.kindDescription)
      }
      shards[tensor] = shard
    }
    return shards
  }

  /// A relative path without steps to where it stands; nil where it could lead out of its folder.
  private static func pathInside(_ path: some Sequence<UInt8>) -> ByteString? {
    let slash = UInt8(ascii: "/")
    let parts = Array(path).split(separator: slash, omittingEmptySubsequences: false).map { ByteString(Array($0)) }
      .filter { $0 != "." }
    guard !parts.isEmpty, parts.allSatisfy({ !$0.bytes.isEmpty && $0 != ".." && !$0.bytes.contains(0) }) else {
      return nil
    }
    return ByteString(Array(parts.map(\.bytes).joined(separator: [slash])))
  }
}

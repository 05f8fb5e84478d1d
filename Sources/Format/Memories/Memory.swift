/// One row of a memory: a region around a key at one module, and what is added there.
public struct MemoryRow: Sendable, Equatable {
  public var module: ByteString
  /// The token of the prompt, or of the target behind it, whose activation the key was made from.
  public var position: Int
  /// The token that this row makes the model say.
  public var targetID: Int
  public var alpha: Float
  public var boundary: Float
  public var hardness: Float
  /// F32 [D].
  public var key: [Float]
  public var delta: [Float]

  public init(
    module: ByteString, position: Int, targetID: Int, alpha: Float, boundary: Float, hardness: Float,
    key: [Float],
    delta: [Float]
  ) {
    self.module = module
    self.position = position
    self.targetID = targetID
    self.alpha = alpha
    self.boundary = boundary
    self.hardness = hardness
    self.key = key
    self.delta = delta
  }
}

/// One named memory with its rows and what the manifest keeps about it.
public struct Memory: Sendable {
  public var name: String
  public var prompt: String
  public var target: String
  public var targetIDs: [Int]
  public var method: String
  public var site: String
  public var layer: Int
  public var token: String
  public var rows: [MemoryRow]
  /// The spec entry as it was given; later additions are linked against it.
  public var entry: JSONNode
  /// The scores measured when it was compiled.
  public var scores: JSONNode

  public init(
    name: String, prompt: String, target: String, targetIDs: [Int], method: String, site: String, layer: Int,
    token: String, rows: [MemoryRow], entry: JSONNode, scores: JSONNode
  ) {
    self.name = name
    self.prompt = prompt
    self.target = target
    self.targetIDs = targetIDs
    self.method = method
    self.site = site
    self.layer = layer
    self.token = token
    self.rows = rows
    self.entry = entry
    self.scores = scores
  }

  /// The subject that its spec entry names.
  public var subject: String? {
    guard case .object(let members) = entry, case .string(let subject)? = members.first(where: { $0.0 == "subject" })?.1
    else { return nil }
    return subject
  }

  /// The tables that a list of memories makes, sorted by module; within one, rows in the memories' order.
  public static func tables(of memories: [Memory]) -> [MemoryTable] {
    var tables: [ByteString: MemoryTable] = [:]
    for row in memories.flatMap(\.rows) {
      tables[row.module, default: MemoryTable(module: row.module, width: row.key.count)].append(
        key: row.key, delta: row.delta, boundary: row.boundary, hardness: row.hardness)
    }
    return tables.values.sorted { $0.module < $1.module }
  }
}

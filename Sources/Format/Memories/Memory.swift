/// A row of a memory: a key with its bounds at one module, and the delta that is added inside them.
public struct MemoryRow: Sendable, Equatable {
  /// The name of the module whose input the row changes.
  public var module: ByteString
  /// The index of the token, in the key prompt and the target behind it, whose activation the key was made from.
  public var position: Int
  /// The id of the token that the row makes the model say.
  public var targetID: Int
  /// α, the factor of the gradient in the delta.
  public var alpha: Float
  public var boundary: Float
  public var hardness: Float
  /// [D], D the width of the module's input, as the table holds it.
  package var storedKey: TableVector
  /// [D].
  package var storedDelta: TableVector
  /// The cues that the row asks for, each at an earlier site; none where the row acts by its own key alone. Rows that ask
  /// for equal cues share them in the file.
  public var cues: [MemoryCue]

  public init(
    module: ByteString, position: Int, targetID: Int, alpha: Float, boundary: Float, hardness: Float,
    key: [Float], delta: [Float], cues: [MemoryCue] = []
  ) {
    self.module = module
    self.position = position
    self.targetID = targetID
    self.alpha = alpha
    self.boundary = boundary
    self.hardness = hardness
    storedKey = TableVector(key)
    storedDelta = TableVector(delta)
    self.cues = cues
  }

  /// F32 [D], D the width of the module's input; each reading of a key that lies in a file copies it.
  public var key: [Float] {
    get { storedKey.floats }
    set { storedKey = TableVector(newValue) }
  }

  /// F32 [D], read as the key is.
  public var delta: [Float] {
    get { storedDelta.floats }
    set { storedDelta = TableVector(newValue) }
  }
}

extension MemoryRow {
  /// ‖k‖, summed in F64 in the order of the elements.
  public var keyNorm: Double { euclideanNorm(key) }

  /// ‖Δ‖, summed as `keyNorm` is.
  public var deltaNorm: Double { euclideanNorm(delta) }
}

/// A memory as a patched file keeps it: its rows, and what the manifest says about them.
public struct Memory: Sendable {
  public var name: String
  /// The key prompt.
  public var prompt: String
  public var target: String
  public var targetIDs: [Int]
  /// `auto` or `seed`. Without a manifest, method, site and token are `unknown` and the layer is −1.
  public var method: String
  /// `attn` or `mlp`.
  public var site: String
  public var layer: Int
  /// The token of the key prompt that the key was made from, as the spec names it: `last`, `subject` or an index.
  public var token: String
  public var rows: [MemoryRow]
  private var manifestEntry: ManifestValue
  private var manifestScores: ManifestValue
  private var manifestOptions: ManifestValue = .made(.null)

  /// The spec's entry as it was given; later additions are linked against it.
  public var entry: JSONNode {
    get { manifestEntry.node }
    set { manifestEntry = .made(newValue) }
  }

  /// The scores that were measured on compiling.
  public var scores: JSONNode {
    get { manifestScores.node }
    set { manifestScores = .made(newValue) }
  }

  /// What a compile of the same bytes has to be given beside base and entry; null where that is nothing.
  public var options: JSONNode {
    get { manifestOptions.node }
    set { manifestOptions = .made(newValue) }
  }

  /// A value of the manifest, which stays in its text until it is asked for: most programs never ask.
  private enum ManifestValue: Sendable {
    case made(JSONNode)
    case read(JSONValue?)

    var node: JSONNode {
      switch self {
      case .made(let node): node
      case .read(let value): value.map(JSONNode.init) ?? .null
      }
    }
  }

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
    manifestEntry = .made(entry)
    manifestScores = .made(scores)
  }

  /// Takes values from a manifest.
  mutating func take(entry: JSONValue?, scores: JSONValue?, options: JSONValue?) {
    manifestEntry = .read(entry)
    manifestScores = .read(scores)
    manifestOptions = .read(options)
  }

  /// Whether a row asks for a cue, so that readers of version 1 of the format cannot apply the memory.
  var asksForCues: Bool { rows.contains { !$0.cues.isEmpty } }

  /// The subject that the spec's entry names; nil where it names none.
  public var subject: String? {
    guard case .object(let members) = entry, case .string(let subject)? = members.first(where: { $0.0 == "subject" })?.1
    else { return nil }
    return subject
  }

  /// Whether the prompts are what a user says in a conversation.
  package var isChat: Bool {
    guard case .object(let members) = entry, case .bool(true) = members.first(where: { $0.0 == "chat" })?.1 else {
      return false
    }
    return true
  }
}

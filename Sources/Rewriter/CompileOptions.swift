import Format

/// What a compile is given beside base and spec, as far as its bytes depend on it and it is not the default.
///
/// A file keeps it with each memory (`options` of the manifest), so that the compile can be repeated.
struct CompileOptions: Equatable {
  /// 1 for memories that were compiled into a base without any, 2 for those that were added to these, and so on.
  var step = 1
  var seed: UInt64 = 0
  /// The settings that have another value than the default, in the order of their table.
  var settings: [Assignment] = []
  /// The SHA-256 of the passages that were given as background, each with a line break behind it.
  var background: String?
  /// The dtype that tables were rounded to, where it is not that of the memories before.
  var table: Dtype?

  /// A setting and its value, as `--setting` takes them.
  struct Assignment: Equatable {
    var name: String
    var value: String
  }

  init() {}

  /// All but the table, which is known once all memories are put together.
  ///
  /// - Parameter kept: the memories that the file has already.
  init(_ request: RewriteRequest, beside kept: [Memory]) {
    step = 1 + (kept.map { (try? CompileOptions($0.options, location: ""))?.step ?? 1 }.max() ?? 0)
    seed = request.seed
    let defaults = CompilerSettings()
    settings = CompilerSettings.table.map { Assignment(name: $0.name, value: $0.text(in: request.settings)) }
    settings = zip(settings, CompilerSettings.table).filter { $0.value != $1.text(in: defaults) }.map(\.0)
    background = request.background.map { SHA256.hex($0.flatMap { Array("\($0)\n".utf8) }) }
  }

  /// The object of a manifest; null where all is the default.
  var node: JSONNode {
    var members: [(String, JSONNode)] = []
    if step > 1 { members.append(("step", .int(step))) }
    // Larger numbers than readers of JSON hold exactly.
    if seed > 0 { members.append(("seed", .string("\(seed)"))) }
    if !settings.isEmpty { members.append(("settings", .object(settings.map { ($0.name, .string($0.value)) }))) }
    if let background { members.append(("background", .string(background))) }
    if let table { members.append(("table", .string(table.rawValue))) }
    return members.isEmpty ? .null : .object(members)
  }

  /// Reads the object of a manifest.
  ///
  /// - Throws: `FormatError` of kind `manifest`.
  init(_ node: JSONNode, location: String) throws(FormatError) {
    if case .null = node { return }
    let root = try JSONDocument(node.bytes(), location: location).root
    func wrong(_ expected: String) -> FormatError {
      FormatError(.manifest, location, "wrong value", expected: expected, got: node.text().printable(limit: 80))
    }
    guard root.isObject else { throw wrong("an object") }
    if let value = root["step"] {
      guard let step = value.int, 1...1_000_000 ~= step else { throw wrong("a step from 1 on") }
      self.step = step
    }
    if let value = root["seed"] {
      guard let seed = value.string.flatMap(UInt64.init) else { throw wrong("a seed as text") }
      self.seed = seed
    }
    for (key, value) in root["settings"]?.members ?? [] {
      guard let text = value.string else { throw wrong("settings as texts") }
      settings.append(Assignment(name: key.description, value: text))
    }
    if let value = root["background"] {
      guard let hash = value.string else { throw wrong("the SHA-256 of the background") }
      background = hash
    }
    if let value = root["table"] {
      guard let dtype = value.string.flatMap(Dtype.init), dtype == .f32 || dtype == .bf16 else {
        throw wrong("a table of F32 or BF16")
      }
      table = dtype
    }
  }

  /// The words of a command line of `rewrite` that say the same, but for the step; a background's file is not known.
  var words: [String] {
    (seed > 0 ? ["--seed \(seed)"] : []) + settings.map { "--setting \($0.name)=\($0.value)" }
      + (table.map { ["--table \($0.rawValue.lowercased())"] } ?? [])
      + (background.map { ["--background FILE (its passages have the SHA-256 \($0))"] } ?? [])
  }
}

extension CompiledMemory {
  /// The memory whose options tell a table's dtype, or none.
  ///
  /// - Throws: `FormatError` of kind `manifest` where they are damaged, as a part's may be.
  func telling(table: Dtype?) throws(FormatError) -> CompiledMemory {
    var (memory, options) = (self, try CompileOptions(options, location: spec.name))
    options.table = table
    memory.options = options.node
    return memory
  }
}

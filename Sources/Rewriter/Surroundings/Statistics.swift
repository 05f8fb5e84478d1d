import Format
import Foundation
import Runtime

/// Facts about a base model apart from any memory, kept in a file so that they are computed once: the background and the
/// activations of the surroundings.
///
/// A safetensors file: `background.tokens` I32 [n], `background.lengths` I32 [texts], where text of many kinds was needed
/// the same of `wide`, and for each site that was needed
/// `{module}.activations` F32 [tokens, D], the tokens those of the background and of the sentences about other subjects or
/// of the sentences alone. Its metadata name the base (as `memory.base` does), its configuration, the
/// source of the background, and the texts that the activations are of.
struct Statistics {
  var background: Background
  /// As much text of many kinds as a rewrite needed.
  var wide: [[Int]] = []
  var activations: [SiteAddress: FloatMatrix]

  /// The base and the background that statistics belong to.
  struct Origin: Equatable {
    /// SHA-256 of the base, as `memory.base`.
    var base: String
    /// SHA-256 of its config.json, which says what the same tensors compute.
    var configuration: String
    /// The seed of the text that the model writes, or the hash of the given text, with its amount where that is not
    /// the usual one.
    var background: String
    /// The amounts of text.
    fileprivate var settings: CompilerSettings

    /// Reads all bytes of the base.
    init(
      _ checkpoint: Checkpoint, seed: UInt64, given: [String]?, settings: CompilerSettings = CompilerSettings(),
      progress: @Sendable (StepProgress) -> Void = { _ in }
    ) {
      self.settings = settings
      base = checkpoint.baseHash(progress: progress)
      configuration = SHA256.hex(checkpoint.companion(.config) ?? [])
      background = given.map { "text " + SHA256.hex(Array($0.joined(separator: "\n").utf8)) } ?? "seed \(seed)"
      let amounts = [
        \CompilerSettings.backgroundTexts, \.backgroundLength, \.givenTextLimit, \.givenTokenLimit, \.wideLength,
      ]
      if amounts.contains(where: { settings[keyPath: $0] != CompilerSettings()[keyPath: $0] }) {
        background += ", \(amounts.map { settings[keyPath: $0] })"
      }
    }

    /// The metadata of a file for these texts.
    fileprivate func entries(texts: [[Int]]) -> [(key: String, value: String)] {
      [
        ("version", Statistics.version), ("base", base), ("configuration", configuration), ("background", background),
        ("texts", SHA256.hex(Array("\(texts)".utf8))),
      ]
    }
  }

  fileprivate static let version = "2"

  init(background: Background, wide: [[Int]], activations: [SiteAddress: FloatMatrix]) {
    (self.background, self.wide, self.activations) = (background, wide, activations)
  }

  /// - Throws: `FormatError` where the file is none of statistics, is of another base or background, or is damaged.
  init(path: String, of origin: Origin, model: LanguageModel) throws(FormatError) {
    let file = try Checkpoint(path: path)
    func entry(_ key: String) -> String? {
      file.metadata.first { $0.key == ByteString("statistics.\(key)") }?.value.description
    }
    guard entry("version") != nil else {
      throw FormatError(.unreadable, path, "not a file of statistics", expected: "one that --statistics wrote")
    }
    func check(_ entries: some Collection<(key: String, value: String)>) throws(FormatError) {
      for (key, expected) in entries {
        let got = entry(key)
        guard got == expected else {
          throw FormatError(
            .unreadable, path, "statistics of another \(key)", expected: expected, got: got ?? "nothing")
        }
      }
    }
    // The texts are known only once the background is read.
    try check(origin.entries(texts: []).dropLast())
    background = Background(ids: try Self.texts("background", in: file, shape: model.transformer.shape))
    if file["wide.tokens"] != nil { wide = try Self.texts("wide", in: file, shape: model.transformer.shape) }
    let texts = Surroundings.texts(background, model: model, settings: origin.settings)
    try check(origin.entries(texts: texts).suffix(1))
    let (all, written) = (texts.reduce(0) { $0 + $1.count }, background.texts.reduce(0) { $0 + $1.count })
    activations = try Self.activations(in: file, rows: [all, all - written], model: model)
  }

  private static func texts(_ name: String, in file: Checkpoint, shape: ModelShape) throws(FormatError) -> [[Int]] {
    let (tokens, lengths) = (try integers("\(name).tokens", of: file), try integers("\(name).lengths", of: file))
    let (sum, overflows) = lengths.reduce((0, false)) { total, length in
      let (sum, overflows) = total.0.addingReportingOverflow(length)
      return (sum, total.1 || overflows)
    }
    guard
      lengths.allSatisfy({ $0 > 0 }), !overflows, sum == tokens.count,
      tokens.allSatisfy({ 0..<shape.vocabulary ~= $0 }), lengths.allSatisfy({ $0 <= shape.positions })
    else {
      throw FormatError(.unreadable, file.path, "\(name).tokens and \(name).lengths do not fit together")
    }
    var rest = tokens[...]
    return lengths.map { length in
      defer { rest = rest.dropFirst(length) }
      return Array(rest.prefix(length))
    }
  }

  private static func activations(
    in file: Checkpoint, rows: [Int], model: LanguageModel
  ) throws(FormatError) -> [SiteAddress: FloatMatrix] {
    let shape = model.transformer.shape
    var result: [SiteAddress: FloatMatrix] = [:]
    for address in shape.addresses {
      guard let tensor = file[name(model.transformer.module(address))] else { continue }
      let (location, width) = ("\(file.path): tensor \(tensor.name)", shape.width(of: address.site))
      guard tensor.dtype == .f32, rows.contains(where: { tensor.shape == [$0, width] }) else {
        throw FormatError(
          .unreadable, location, "wrong type or shape", expected: "F32 [\(rows[0]), \(width)]",
          got: "\(tensor.dtype.rawValue) \(tensor.shape)")
      }
      guard let values = tensor.floats(), values.count == tensor.shape[0] * width, values.allSatisfy(\.isFinite) else {
        throw FormatError(.unreadable, location, "has values that are not finite")
      }
      let matrix = FloatMatrix(tensor.shape[0], width)
      matrix.values.update(from: values, count: values.count)
      result[address] = matrix
    }
    return result
  }

  func write(to path: String, of origin: Origin, model: LanguageModel) throws(FormatError) {
    var tensors = [
      Self.tensor("background.lengths", background.texts.map(\.count)),
      Self.tensor("background.tokens", background.texts.flatMap(\.self)),
    ]
    if !wide.isEmpty {
      tensors += [
        Self.tensor("wide.lengths", wide.map(\.count)), Self.tensor("wide.tokens", wide.flatMap(\.self)),
      ]
    }
    for (address, matrix) in activations.sorted(by: { $0.key < $1.key }) {
      let values = Array(UnsafeBufferPointer(start: matrix.values, count: matrix.rows * matrix.width))
      tensors.append(
        Tensor(name: Self.name(model.transformer.module(address)), shape: [matrix.rows, matrix.width], floats: values))
    }
    let texts = Surroundings.texts(background, model: model, settings: origin.settings)
    var metadata: [ByteString: ByteString] = [:]
    for (key, value) in origin.entries(texts: texts) { metadata[ByteString("statistics.\(key)")] = ByteString(value) }
    try SafetensorsFile.write(tensors, metadata: metadata, to: path)
  }

  private static func name(_ module: ByteString) -> ByteString { ByteString("\(module).activations") }

  private static func tensor(_ name: String, _ values: [Int]) -> Tensor {
    let bytes = values.flatMap { withUnsafeBytes(of: Int32($0).littleEndian, Array.init) }
    return Tensor(name: ByteString(name), dtype: .i32, shape: [values.count], bytes: bytes)
  }

  private static func integers(_ name: String, of file: Checkpoint) throws(FormatError) -> [Int] {
    guard let tensor = file[ByteString(name)], tensor.dtype == .i32, tensor.shape.count == 1 else {
      throw FormatError(.unreadable, "\(file.path): tensor \(name)", "missing or not I32 of one dimension")
    }
    return tensor.withBytes { bytes in
      (0..<bytes.count / 4).map {
        Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
      }
    }
  }
}

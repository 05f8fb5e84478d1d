import Format
import Foundation
import Runtime

/// What is known of a base model apart from any memory, kept in a file so that it is computed once: the background and
/// the activations of the surroundings.
///
/// A safetensors file: `background.tokens` I32 [n], `background.lengths` I32 [texts], and for each site that was needed
/// `{module}.activations` F32 [tokens, D]. Its metadata name the base (as `memory.base` does), its configuration, what
/// the background was made from, and the texts that the activations are of.
struct Statistics {
  var background: Background
  var activations: [SiteAddress: FloatMatrix]

  /// What the statistics are of.
  struct Origin: Equatable {
    /// SHA-256 of the base, as `memory.base`.
    var base: String
    /// SHA-256 of its config.json, which says what the same tensors compute.
    var configuration: String
    /// The seed of the text that the model writes, or the hash of the given text.
    var background: String

    /// - Throws: `FormatError` where a tensor cannot be read: all bytes are.
    init(
      _ checkpoint: Checkpoint, seed: UInt64, given: [String]?, progress: @Sendable (StepProgress) -> Void = { _ in }
    ) throws(FormatError) {
      base = try checkpoint.baseHash(progress: progress)
      configuration = SHA256.hex(checkpoint.companion(.config) ?? [])
      background = given.map { "text " + SHA256.hex(Array($0.joined(separator: "\n").utf8)) } ?? "seed \(seed)"
    }
  }

  private static let version = "1"

  init(background: Background, activations: [SiteAddress: FloatMatrix]) {
    self.background = background
    self.activations = activations
  }

  /// - Throws: `FormatError` where the file is none of statistics, is of another base or background, or is damaged.
  init(path: String, of origin: Origin, model: LanguageModel) throws(FormatError) {
    let file = try Checkpoint(path: path)
    func entry(_ key: String) -> String? {
      file.metadata.first { $0.key == ByteString(key) }?.value.description
    }
    guard entry("statistics.version") != nil else {
      throw FormatError(.unreadable, path, "not a file of statistics", expected: "one that --statistics wrote")
    }
    func check(_ key: String, is expected: String) throws(FormatError) {
      let got = entry("statistics.\(key)")
      guard got == expected else {
        throw FormatError(
          .unreadable, path, "statistics of another \(key)", expected: expected, got: got ?? "nothing")
      }
    }
    try check("version", is: Self.version)
    try check("base", is: origin.base)
    try check("configuration", is: origin.configuration)
    try check("background", is: origin.background)
    let shape = model.transformer.shape
    let (tokens, lengths) = (
      try Self.integers("background.tokens", of: file), try Self.integers("background.lengths", of: file)
    )
    let (sum, overflows) = lengths.reduce((0, false)) { total, length in
      let (sum, overflows) = total.0.addingReportingOverflow(length)
      return (sum, total.1 || overflows)
    }
    guard
      lengths.allSatisfy({ $0 > 0 }), !overflows, sum == tokens.count,
      tokens.allSatisfy({ 0..<shape.vocabulary ~= $0 }), lengths.allSatisfy({ $0 <= shape.positions })
    else {
      throw FormatError(.unreadable, path, "background.tokens and background.lengths do not fit together")
    }
    var rest = tokens[...]
    background = Background(
      ids: lengths.map { length in
        defer { rest = rest.dropFirst(length) }
        return Array(rest.prefix(length))
      })
    let texts = Surroundings.texts(background, model: model)
    try check("texts", is: Self.hash(texts))
    let rows = texts.reduce(0) { $0 + $1.count }
    activations = [:]
    for layer in 0..<shape.layers {
      for site in Site.allCases {
        let address = SiteAddress(layer: layer, site: site)
        let name = Self.name(model.transformer.module(address))
        guard let tensor = file[name] else { continue }
        let width = shape.width(of: site)
        guard tensor.dtype == .f32, tensor.shape == [rows, width] else {
          throw FormatError(
            .unreadable, "\(path): tensor \(name)", "wrong type or shape", expected: "F32 [\(rows), \(width)]",
            got: "\(tensor.dtype.rawValue) \(tensor.shape)")
        }
        let matrix = FloatMatrix(rows, width)
        do {
          let values = try tensor.floats() ?? []
          guard values.count == rows * width, values.allSatisfy(\.isFinite) else {
            throw FormatError(.unreadable, "\(path): tensor \(name)", "has values that are not finite")
          }
          matrix.values.update(from: values, count: values.count)
        } catch let error as FormatError {
          throw error
        } catch {
          throw FormatError(.unreadable, path, "\(error)")
        }
        activations[address] = matrix
      }
    }
  }

  func write(to path: String, of origin: Origin, model: LanguageModel) throws(FormatError) {
    var tensors = [
      Self.tensor("background.lengths", background.texts.map(\.count)),
      Self.tensor("background.tokens", background.texts.flatMap(\.self)),
    ]
    for (address, matrix) in activations.sorted(by: { $0.key < $1.key }) {
      let values = Array(UnsafeBufferPointer(start: matrix.values, count: matrix.rows * matrix.width))
      tensors.append(
        Tensor(name: Self.name(model.transformer.module(address)), shape: [matrix.rows, matrix.width], floats: values))
    }
    try SafetensorsFile.write(
      tensors,
      metadata: [
        "statistics.version": ByteString(Self.version), "statistics.base": ByteString(origin.base),
        "statistics.configuration": ByteString(origin.configuration),
        "statistics.background": ByteString(origin.background),
        "statistics.texts": ByteString(Self.hash(Surroundings.texts(background, model: model))),
      ], to: path)
  }

  private static func hash(_ texts: [[Int]]) -> String { SHA256.hex(Array("\(texts)".utf8)) }

  private static func name(_ module: ByteString) -> ByteString { ByteString("\(module).activations") }

  private static func tensor(_ name: String, _ values: [Int]) -> Tensor {
    let bytes = values.flatMap { withUnsafeBytes(of: Int32($0).littleEndian, Array.init) }
    return Tensor(name: ByteString(name), dtype: .i32, shape: [values.count], bytes: bytes)
  }

  private static func integers(_ name: String, of file: Checkpoint) throws(FormatError) -> [Int] {
    guard let tensor = file[ByteString(name)], tensor.dtype == .i32, tensor.shape.count == 1 else {
      throw FormatError(.unreadable, "\(file.path): tensor \(name)", "missing or not I32 of one dimension")
    }
    do {
      return try tensor.withBytes { bytes in
        (0..<bytes.count / 4).map {
          Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
        }
      }
    } catch {
      throw FormatError(.unreadable, file.path, "\(error)")
    }
  }
}

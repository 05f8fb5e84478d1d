import Foundation
import TestSupport

@testable import Format
@testable import Runtime

/// A fixture's model with other tensors, names or fields of its configuration.
struct ModelVariant {
  /// The logits [1, V] behind 24 tokens.
  let logits: [Float]
  let transformer: Transformer
  /// What is warned of, without the folder's path.
  let warnings: [String]

  /// - Parameters:
  ///   - change: tensors by name, to be changed.
  ///   - fields: fields of config.json as a JSON object; null removes one.
  ///   - wrap: the key to put all fields of config.json under, and the model type beside it.
  init(
    of fixture: String, fields: String = "{}", under wrap: (key: String, type: String)? = nil,
    change: (inout [String: Tensor]) -> Void = { _ in }
  ) throws {
    let folder = try TemporaryFolder()
    let source = "\(ModelFixture.folder)/\(fixture)"
    func object(_ data: Data) throws -> [String: Any] {
      try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
    var config = try object(Data(contentsOf: URL(fileURLWithPath: "\(source)/config.json")))
    for (key, value) in try object(Data(fields.utf8)) { config[key] = value is NSNull ? nil : value }
    if let wrap { config = [wrap.key: config, "model_type": wrap.type] }
    try folder.write(JSONSerialization.data(withJSONObject: config), to: "config.json")
    let base = try Checkpoint(path: source)
    var tensors = Dictionary(uniqueKeysWithValues: base.tensors.map { ($0.name.description, $0) })
    change(&tensors)
    let named = tensors.map { name, tensor in
      var tensor = tensor
      tensor.name = ByteString(name)
      return tensor
    }
    try SafetensorsFile.write(
      named.sorted { $0.name < $1.name }, metadata: [:], to: folder.file("model.safetensors"))
    transformer = try Transformer.load(Checkpoint(path: folder.path), pool: WorkerPool(threads: 1))
    logits = transformer.logits(of: Array(1...24), rows: [23]).array
    warnings = transformer.warnings.map { $0.replacing("\(folder.path): ", with: "") }
  }
}

extension [String: Tensor] {
  /// Gives each tensor another name.
  mutating func rename(_ name: (String) -> String) {
    self = [String: Tensor](uniqueKeysWithValues: map { (name($0.key), $0.value) })
  }

  /// Adds an F32 tensor.
  mutating func add(_ name: String, _ shape: [Int], _ value: (Int) -> Float) {
    self[name] = Tensor(name: ByteString(name), shape: shape, floats: (0..<shape.reduce(1, *)).map(value))
  }
}

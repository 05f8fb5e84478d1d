import Foundation
import Testing

@testable import Format
@testable import Runtime

/// The fields of config.json: one that is not implemented is an error that names it.
@Suite struct ConfigurationTests {
  /// Loads a fixture with some fields of its configuration changed; `null` removes one.
  private func load(_ name: String, _ changes: String) throws -> Transformer {
    let source = "\(ModelFixture.folder)/\(name)"
    var fields = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: "\(source)/config.json")))
        as? [String: Any])
    let changed = try #require(JSONSerialization.jsonObject(with: Data(changes.utf8)) as? [String: Any])
    for (key, value) in changed { fields[key] = value is NSNull ? nil : value }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("config-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try JSONSerialization.data(withJSONObject: fields).write(to: folder.appendingPathComponent("config.json"))
    try FileManager.default.copyItem(
      atPath: "\(source)/model.safetensors", toPath: "\(folder.path)/model.safetensors")
    return try Transformer.load(Checkpoint(path: folder.path), pool: WorkerPool(threads: 1))
  }

  private static let refused: [(model: String, changes: String, field: String)] = [
    ("llama-linear", #"{"rope_scaling":{"type":"ntk-by-parts","factor":2}}"#, "rope_scaling: rope_type"),
    ("llama-linear", #"{"rope_scaling":{"type":"linear"}}"#, "factor"),
    ("llama-linear", #"{"rope_scaling":{"type":"linear","factor":0}}"#, "factor"),
    ("llama-linear", #"{"rope_scaling":7}"#, "rope_scaling"),
    ("llama-linear", #"{"rope_theta":-1}"#, "rope_theta"),
    ("llama-llama3", #"{"rope_parameters":{"rope_type":"llama3","factor":2}}"#, "low_freq_factor"),
    (
      "llama-llama3",
      #"{"rope_parameters":{"rope_type":"llama3","factor":2,"low_freq_factor":4,"high_freq_factor":4}}"#,
      "high_freq_factor"
    ),
    ("llama-biases", #"{"hidden_act":"relu"}"#, "hidden_act"),
    ("llama-biases", #"{"attention_bias":1}"#, "attention_bias"),
    ("llama-biases", #"{"head_dim":9}"#, "head_dim"),
    ("llama-biases", #"{"head_dim":10}"#, "q_proj"),
    ("llama-biases", #"{"num_key_value_heads":3}"#, "num_key_value_heads"),
    ("mistral-a", #"{"sliding_window":0}"#, "sliding_window"),
    ("qwen2-a", #"{"layer_types":["full_attention","linear_attention"]}"#, "layer_types"),
    ("phi3-b", #"{"rope_scaling":{"type":"longrope","short_factor":[1,2],"long_factor":[1,2]}}"#, "short_factor"),
    ("smollm3-b", #"{"no_rope_layers":[1]}"#, "no_rope_layers"),
    ("gpt_neox-b", #"{"hidden_act":"relu"}"#, "hidden_act"),
    ("gpt_neox-b", #"{"rotary_pct":1.5}"#, "rotary_pct"),
    ("gpt_neox-b", #"{"rotary_pct":0.01}"#, "rotary_pct"),
    ("llama-biases", #"{"quantization_config":{"quant_method":"gptq","bits":4}}"#, "quant_method"),
    (
      "llama-biases", #"{"quantization_config":{"quant_method":"compressed-tensors","format":"pack-quantized"}}"#,
      "pack-quantized"
    ),
    ("llama-biases", #"{"quantization_config":[]}"#, "quantization_config"),
    ("gemma3-b", #"{"final_logit_softcapping":30.0}"#, "final_logit_softcapping"),
    ("gemma3-b", #"{"attn_logit_softcapping":50.0}"#, "attn_logit_softcapping"),
    ("gemma3-b", #"{"use_bidirectional_attention":true}"#, "use_bidirectional_attention"),
    ("gemma3-b", #"{"hidden_activation":"silu"}"#, "hidden_activation"),
    ("gemma3-b", #"{"query_pre_attn_scalar":-4}"#, "query_pre_attn_scalar"),
  ]

  @Test(arguments: refused.indices)
  func refusalsNameTheField(_ index: Int) throws {
    let (model, changes, field) = Self.refused[index]
    do {
      _ = try load(model, changes)
      Issue.record("\(model) \(changes) is accepted")
    } catch let error as FormatError {
      #expect(error.description.contains(field), "\(model) \(changes): \(error)")
    }
  }

  private func logits(_ model: Transformer) -> [Float] { model.logits(of: Array(1...24), rows: [23]).array }

  @Test func bothSpellingsOfRotaryPositionsMakeTheSameModel() throws {
    let old = try logits(load("llama-linear", "{}"))
    let new =
      #"{"rope_scaling":null,"rope_theta":null,"rope_parameters":{"rope_type":"linear","factor":4,"rope_theta":1e4}}"#
    #expect(try logits(load("llama-linear", new)) == old)
    #expect(try logits(load("llama-linear", new.replacing("1e4", with: "2e4"))) != old)
    #expect(try logits(load("llama-linear", #"{"rope_scaling":null}"#)) != old)

    let gemma = try logits(load("gemma3-b", "{}"))
    let nested = """
      {"rope_scaling":null,"rope_theta":null,"rope_local_base_freq":null,"sliding_window_pattern":null,
      "layer_types":["sliding_attention","full_attention","sliding_attention"],
      "rope_parameters":{"full_attention":{"rope_type":"linear","factor":8,"rope_theta":1e6},
      "sliding_attention":{"rope_type":"default","rope_theta":5e3}}}
      """
    #expect(try logits(load("gemma3-b", nested)) == gemma)
    #expect(try logits(load("gemma3-b", #"{"rope_local_base_freq":1e4}"#)) != gemma)
    #expect(try logits(load("gemma3-b", #"{"sliding_window_pattern":3}"#)) != gemma)
  }

  /// Frequencies that depend on a text's length are implemented up to where they begin to change.
  @Test func positionsEndWhereFrequenciesChange() throws {
    #expect(try load("phi3-b", "{}").shape.positions == 256)
    #expect(try load("llama-dynamic", "{}").shape.positions == 128)
  }
}

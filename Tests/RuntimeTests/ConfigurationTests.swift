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
    ("gemma3-b", #"{"final_logit_softcapping":0.0}"#, "final_logit_softcapping"),
    ("gemma3-b", #"{"attn_logit_softcapping":50.0}"#, "attn_logit_softcapping"),
    ("gemma3-b", #"{"use_bidirectional_attention":true}"#, "use_bidirectional_attention"),
    ("gemma3-b", #"{"hidden_activation":"relu"}"#, "hidden_activation"),
    ("gemma3-b", #"{"query_pre_attn_scalar":-4}"#, "query_pre_attn_scalar"),
    ("gemma2-a", #"{"attn_logit_softcapping":0}"#, "attn_logit_softcapping"),
    ("gemma2-a", #"{"final_logit_softcapping":-5}"#, "final_logit_softcapping"),
    ("gemma2-a", #"{"layer_types":["full_attention"]}"#, "layer_types"),
    ("granite-a", #"{"residual_multiplier":0}"#, "residual_multiplier"),
    ("granite-a", #"{"logits_scaling":"8"}"#, "logits_scaling"),
    ("phi-a", #"{"hidden_act":"relu"}"#, "hidden_act"),
    ("phi-a", #"{"qk_layernorm":true}"#, "q_layernorm"),
    ("cohere-a", #"{"use_qk_norm":true}"#, "q_norm"),
    ("cohere-a", #"{"logit_scale":-1}"#, "logit_scale"),
    ("nemotron-a", #"{"hidden_act":"relu"}"#, "hidden_act"),
    ("olmo-a", #"{"clip_qkv":8.0}"#, "clip_qkv"),
    ("qwen3_moe-a", #"{"num_experts_per_tok":9}"#, "num_experts_per_tok"),
    ("qwen3_moe-a", #"{"num_local_experts":9}"#, "experts.8.gate_proj"),
    ("qwen3_moe-a", #"{"num_local_experts":0}"#, "num_local_experts"),
    ("qwen3_moe-a", #"{"mlp_only_layers":[0.5]}"#, "mlp_only_layers"),
    ("qwen3_moe-a", #"{"mlp_only_layers":[1]}"#, "layers.1.mlp.gate_proj"),
    ("qwen3_moe-a", #"{"moe_intermediate_size":13}"#, "experts.0.gate_proj"),
    ("mixtral-b", #"{"num_local_experts":5}"#, "experts.gate_up_proj"),
    ("qwen2_moe-a", #"{"shared_expert_intermediate_size":45}"#, "shared_expert.gate_proj"),
    ("llama-biases", #"{"model_type":"qwen2_vl"}"#, "the nearest of which is qwen2,"),
    ("llama-biases", #"{"model_type":"qwen3_next"}"#, "the nearest of which is qwen3,"),
    ("llama-biases", #"{"model_type":"mistral3"}"#, "the nearest of which is mistral,"),
    ("llama-biases", #"{"model_type":"gemma3"}"#, "the nearest of which is gemma3_text,"),
    ("llama-biases", #"{"model_type":"granitemoehybrid"}"#, "the nearest of which is granite,"),
    ("llama-biases", #"{"model_type":"gpt_oss"}"#, "the nearest of which is llama,"),
    ("qwen3_moe-a", #"{"model_type":"deepseek_v3"}"#, "the nearest of which is qwen3_moe,"),
    ("gpt_neox-b", #"{"model_type":"bloom"}"#, "the nearest of which is gpt_neox,"),
    ("llama-biases", #"{"model_type":7}"#, "model_type"),
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

  /// Options at values that change nothing.
  private static let neutral: [(model: String, changes: String)] = [
    ("olmo-a", #"{"clip_qkv":null,"attention_dropout":0.3}"#),
    (
      "gemma3-b", #"{"attn_logit_softcapping":null,"final_logit_softcapping":null,"use_bidirectional_attention":false}"#
    ),
    (
      "llama-biases",
      #"{"rope_scaling":{"rope_type":"linear","factor":1.0},"attention_dropout":0.1,"pretraining_tp":1}"#
    ),
    ("mixtral-a", #"{"router_jitter_noise":0.1,"output_router_logits":true,"router_aux_loss_coef":0.5}"#),
    ("phi-a", #"{"resid_pdrop":0.1,"embd_pdrop":0.1}"#),
  ]

  @Test(arguments: neutral.indices)
  func optionsThatChangeNothingAreTaken(_ index: Int) throws {
    let (model, changes) = Self.neutral[index]
    #expect(try logits(load(model, changes)) == logits(load(model, "{}")))
  }

  /// Options that a model is loaded without complaint with, and that count.
  private static let telling: [(model: String, changes: String)] = [
    ("gemma2-a", #"{"attn_logit_softcapping":30}"#), ("gemma2-a", #"{"final_logit_softcapping":4}"#),
    ("gemma2-b", #"{"final_logit_softcapping":4}"#), ("gemma2-a", #"{"sliding_window":4}"#),
    ("granite-a", #"{"attention_multiplier":0.4}"#), ("granite-a", #"{"embedding_multiplier":1}"#),
    ("granite-a", #"{"residual_multiplier":1}"#), ("granite-a", #"{"logits_scaling":1}"#),
    ("cohere-a", #"{"logit_scale":1}"#), ("cohere2-a", #"{"layer_types":null,"sliding_window_pattern":2}"#),
    ("qwen3_moe-a", #"{"norm_topk_prob":false}"#), ("qwen3_moe-a", #"{"num_experts_per_tok":3}"#),
    ("olmo3-a", #"{"layer_types":null,"sliding_window":3}"#), ("exaone4-a", #"{"sliding_window":5}"#),
  ]

  @Test(arguments: telling.indices)
  func optionsCount(_ index: Int) throws {
    let (model, changes) = Self.telling[index]
    #expect(try logits(load(model, changes)) != logits(load(model, "{}")))
  }

  @Test func logitsAreCappedSoftly() throws {
    let (plain, capped) = (
      try logits(load("gemma3-b", "{}")), try logits(load("gemma3-b", #"{"final_logit_softcapping":0.5}"#))
    )
    for (a, b) in zip(plain, capped) { #expect(abs(0.5 * tanh(a / 0.5) - b) < 1e-5) }
  }

  /// Names that transformers has for one function, and functions that are none of the architecture's own.
  @Test func activationsHaveSeveralNames() throws {
    let silu = try logits(load("llama-biases", "{}"))
    let gelu = try logits(load("llama-biases", #"{"hidden_act":"gelu"}"#))
    #expect(try logits(load("llama-biases", #"{"hidden_act":"swish"}"#)) == silu && gelu != silu)
    #expect(try logits(load("llama-biases", #"{"hidden_act":"gelu_python"}"#)) == gelu)
    let tanh = try logits(load("gpt2-a", "{}"))
    #expect(try logits(load("gpt2-a", #"{"activation_function":"gelu_fast"}"#)) == tanh)
    #expect(try logits(load("gpt2-a", #"{"activation_function":"gelu"}"#)) != tanh)
  }

  /// Frequencies that depend on a text's length are implemented up to where they begin to change.
  @Test func positionsEndWhereFrequenciesChange() throws {
    #expect(try load("phi3-b", "{}").shape.positions == 256)
    #expect(try load("llama-dynamic", "{}").shape.positions == 128)
  }
}

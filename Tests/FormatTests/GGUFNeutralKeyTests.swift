import Foundation
import Testing

@testable import Format

/// Keys that files write although they change nothing, and the same keys where they change something.
@Suite struct GGUFNeutralKeyTests {
  enum Value: Sendable {
    case integer(UInt32), number(Float), bool(Bool), text(String), integers([Int32]), bytes(Int)
  }

  private func open(_ entries: [(String, Value)]) throws -> (config: String, tokenizer: String) {
    let temporary = TemporaryFile()
    try temporary.write(
      GGUFBytes.tinyLlama { file in
        for (key, value) in entries {
          switch value {
          case .integer(let value): file.entry(key, value)
          case .number(let value): file.entry(key, value)
          case .text(let value): file.entry(key, value)
          case .bool(let value):
            file.entry(key, .bool)
            file.append(UInt8(value ? 1 : 0))
          case .integers(let values):
            file.entry(key, .array)
            file.append(GGUFValueType.int32.rawValue)
            file.append(UInt64(values.count))
            for value in values { file.append(value) }
          case .bytes(let count):
            file.entry(key, .array)
            file.append(GGUFValueType.uint8.rawValue)
            file.append(UInt64(count))
            file.bytes += [UInt8](repeating: 0, count: count)
          }
        }
        return UInt64(entries.count)
      })
    let file = try GGUFFile(path: temporary.path)
    return (
      String(decoding: try file.configJSON(), as: UTF8.self), String(decoding: try file.tokenizerJSON(), as: UTF8.self)
    )
  }

  @Test(arguments: [
    ("general.type", Value.text("model")), ("llama.expert_count", .integer(0)),
    ("llama.rope.scaling.type", .text("none")), ("llama.rope.scaling.type", .text("linear")),
    ("llama.rope.scaling.type", .text("yarn")), ("llama.rope.scaling.factor", .number(1)),
    ("llama.rope.scaling.factor", .number(0)), ("llama.rope.scale_linear", .number(1)),
    ("llama.rope.scaling.original_context_length", .integer(0)), ("llama.rope.scaling.alpha", .number(0)),
    ("llama.final_logit_softcapping", .number(0)), ("llama.attn_logit_softcapping", .number(0)),
    ("llama.attention.sliding_window", .integer(0)), ("llama.attention.sliding_window", .integer(8)),
    ("llama.attention.causal", .bool(true)), ("llama.use_parallel_residual", .bool(false)),
    ("llama.attention.scale", .number(0.70710677)), ("llama.logit_scale", .number(1)),
    ("llama.attention.clamp_kqv", .number(0)), ("llama.pooling_type", .integer(0)),
    ("llama.attention.head_count_kv", .integers([1])), ("tokenizer.chat_templates", .bytes(0)),
    ("tokenizer.chat_template", .text("")), ("tokenizer.ggml.token_type", .bytes(0)),
    ("tokenizer.ggml.token_type", .integers([0, 1, 1])), ("tokenizer.ggml.scores", .bytes(0)),
    ("tokenizer.ggml.add_bos_token", .bool(false)), ("tokenizer.ggml.add_space_prefix", .bool(false)),
    ("tokenizer.ggml.bos_token_id", .integer(.max)),
  ])
  func changesNothing(_ key: String, _ value: Value) throws {
    let (plain, changed) = (try open([]), try open([(key, value)]))
    #expect(changed.config == plain.config && changed.tokenizer == plain.tokenizer)
  }

  @Test(arguments: [
    ("general.type", Value.text("adapter"), "model, got adapter"),
    ("llama.expert_count", .integer(8), "0, got the integer 8"),
    ("llama.final_logit_softcapping", .number(30), "0, got the number 30.0"),
    ("llama.attn_logit_softcapping", .number(.nan), "0, got the number nan"),
    ("llama.attention.sliding_window", .integer(4), "0, or at least the 8 positions, got the integer 4"),
    ("llama.attention.causal", .bool(false), "true, got false"),
    ("llama.attention.scale", .number(0.5), "0 or 0.70710677, got the number 0.5"),
    ("llama.residual_scale", .number(0.5), "0 or 1, got the number 0.5"),
    ("llama.expert_count", .text("0"), "0, got a string"),
    ("llama.rope.scaling.type", .text("su"), "got su"),
    ("llama.attention.head_count_kv", .integers([1, 2]), "where it differs from layer to layer, expected 1, got 2"),
    ("llama.attention.head_count_kv", .integers([]), "got an array of 0 elements"),
    ("tokenizer.ggml.token_type", .integers([7, 1, 1]), "0 to 6, got 7"),
  ])
  func changesSomething(_ key: String, _ value: Value, _ words: String) throws {
    do {
      _ = try open([(key, value)])
      Issue.record("\(key) was read")
    } catch let error as FormatError {
      #expect(error.kind == .gguf && error.location.contains(key), "\(error)")
      #expect(error.description.hasSuffix(words) || error.description.contains(words), "\(error)")
    }
  }

  @Test func yarnsOwnFactors() throws {
    let yarn: [(String, Value)] = [
      ("llama.rope.scaling.type", .text("yarn")), ("llama.rope.scaling.factor", .number(4)),
    ]
    let neutral = [
      ("llama.rope.scaling.attn_factor", Value.number(1)), ("llama.rope.scaling.yarn_ext_factor", .number(1)),
    ]
    #expect(try open(yarn + neutral).config == open(yarn).config)
    #expect(throws: FormatError.self) { try open(yarn + [("llama.rope.scaling.attn_factor", .number(0.5))]) }
    #expect(
      try open(yarn + [("llama.rope.scaling.yarn_beta_fast", .number(16))]).config.contains(
        #""original_max_position_embeddings":8,"beta_fast":16.0}"#))
  }

  /// llama.cpp puts a first token before the texts of Llama 3 and of Mistral's Tekken where the file does not say.
  @Test func firstTokensThatTheFileDoesNotAskFor() throws {
    let id = ("tokenizer.ggml.bos_token_id", Value.integer(2))
    let first = #""single":[{"SpecialToken":{"id":"ab","type_id":0}}"#
    for (pre, hasFirst) in [("llama-bpe", true), ("tekken", true), ("qwen2", false), ("gpt-2", false)] {
      let name = ("tokenizer.ggml.pre", Value.text(pre))
      #expect(try open([name, id]).tokenizer.contains(first) == hasFirst, "\(pre)")
      #expect(try !open([name, id, ("tokenizer.ggml.add_bos_token", .bool(false))]).tokenizer.contains(first))
      #expect(try open([name, id, ("tokenizer.ggml.add_bos_token", .bool(true))]).tokenizer.contains(first))
      #expect(try !open([name]).tokenizer.contains("SpecialToken"))
      #expect(throws: FormatError.self) { try open([name, ("tokenizer.ggml.add_bos_token", .bool(true))]) }
    }
  }
}

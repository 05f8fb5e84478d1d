import Foundation
import Testing

@testable import Format

@Suite("GGUF: config.json and tokenizer.json")
struct GGUFModelFileTests {
  private func config(_ model: String) throws -> String {
    String(decoding: try GGUFFile(path: Fixtures.gguf("\(model).gguf")).configJSON(), as: UTF8.self)
  }

  private func tokenizer(_ model: String) throws -> String {
    String(decoding: try GGUFFile(path: Fixtures.gguf("\(model).gguf")).tokenizerJSON(), as: UTF8.self)
  }

  @Test func configSaysWhatTheTensorsWereConvertedTo() throws {
    let file = try GGUFFile(path: Fixtures.gguf("llama.gguf"))
    for (dtype, name) in [(Dtype.bf16, "bfloat16"), (.f16, "float16"), (.f32, "float32")] {
      #expect(String(decoding: try file.configJSON(dtype: dtype), as: UTF8.self).contains("\"dtype\":\"\(name)\""))
    }
  }

  /// The tokenizer of a tiny Llama with more entries in its metadata.
  private func tokenizer(extra: (inout GGUFBytes) -> UInt64) throws -> String {
    let temporary = TemporaryFile()
    try temporary.write(GGUFBytes.tinyLlama(extra: extra))
    return String(decoding: try GGUFFile(path: temporary.path).tokenizerJSON(), as: UTF8.self)
  }

  @Test("config.json of a Llama")
  func llamaConfig() throws {
    let expected = #"""
      {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":32,"intermediate_size":32,\#
      "num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"vocab_size":24,\#
      "max_position_embeddings":128,"rms_norm_eps":1e-05,"hidden_act":"silu","rope_theta":100000.0,\#
      "tie_word_embeddings":true,"attention_bias":false,"mlp_bias":false,"bos_token_id":1,"eos_token_id":2,\#
      "pad_token_id":2,"dtype":"float32"}
      """#
    #expect(try config("llama") == expected)
  }

  @Test("config.json of a Llama with biases, wide heads and an output matrix")
  func llamaBiasConfig() throws {
    let expected = #"""
      {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":24,"intermediate_size":16,\#
      "num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":1,"head_dim":16,"vocab_size":12,\#
      "max_position_embeddings":128,"rms_norm_eps":1e-05,"hidden_act":"silu","rope_theta":100000.0,\#
      "tie_word_embeddings":false,"attention_bias":true,"mlp_bias":true,"dtype":"bfloat16"}
      """#
    #expect(try config("llama_bias") == expected)
  }

  @Test("config.json of a GPT-2")
  func gpt2Config() throws {
    let expected = #"""
      {"architectures":["GPT2LMHeadModel"],"model_type":"gpt2","vocab_size":7,"n_positions":16,"n_embd":32,\#
      "n_layer":1,"n_head":4,"n_inner":64,"activation_function":"gelu_new","layer_norm_epsilon":1e-05,\#
      "tie_word_embeddings":true,"bos_token_id":0,"eos_token_id":0,"dtype":"float32"}
      """#
    #expect(try config("gpt2") == expected)
  }

  @Test("tokenizer.json of a smollm tokenizer")
  func smollm() throws {
    let expected = #"""
      {"version":"1.0","truncation":null,"padding":null,"added_tokens":[\#
      {"id":0,"content":"<|endoftext|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},\#
      {"id":1,"content":"<|im_start|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},\#
      {"id":2,"content":"<|im_end|>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true},\#
      {"id":18,"content":"<user>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":false}],\#
      "normalizer":null,"pre_tokenizer":{"type":"Sequence","pretokenizers":[\#
      {"type":"Digits","individual_digits":true},\#
      {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]},\#
      "post_processor":null,\#
      "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},\#
      "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,\#
      "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,\#
      "vocab":{"<|endoftext|>":0,"<|im_start|>":1,"<|im_end|>":2,"a":3,"b":4,"c":5,"d":6,"e":7,"Ġ":8,\#
      "0":9,"1":10,"2":11,"3":12,"é":13,"ab":14,"Ġa":15,"Ġab":16,"\"\\":17,"<user>":18},\#
      "merges":["a b","Ġ a","Ġ ab"]}}
      """#
    #expect(try tokenizer("llama") == expected)
  }

  @Test("tokenizer.json of a gpt-2 tokenizer with a first token")
  func gpt2() throws {
    let expected = #"""
      "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},\#
      "post_processor":{"type":"TemplateProcessing","single":[\#
      {"SpecialToken":{"id":"<|endoftext|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[\#
      {"SpecialToken":{"id":"<|endoftext|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},\#
      {"SpecialToken":{"id":"<|endoftext|>","type_id":1}},{"Sequence":{"id":"B","type_id":1}}],\#
      "special_tokens":{"<|endoftext|>":{"id":"<|endoftext|>","ids":[0],"tokens":["<|endoftext|>"]}}},"decoder"
      """#
    #expect(try tokenizer("gpt2").contains(expected))
  }

  @Test("a tokenizer without a pre-tokenizer's name, with a leading space and a last token")
  func options() throws {
    let text = try tokenizer { file in
      file.entry("tokenizer.ggml.add_space_prefix", .bool)
      file.append(UInt8(1))
      file.entry("tokenizer.ggml.add_eos_token", .bool)
      file.append(UInt8(1))
      file.entry("tokenizer.ggml.eos_token_id", UInt32(1))
      return 3
    }
    #expect(text.contains(#""pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true"#))
    #expect(
      text.contains(
        #""single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"b","type_id":0}}]"#))
  }

  @Test("what a tokenizer cannot be")
  func refusedTokenizers() throws {
    #expect(throws: FormatError.self) {
      try tokenizer {
        $0.entry("tokenizer.ggml.pre", "bloom")
        return 1
      }
    }
    #expect(throws: FormatError.self) {
      try tokenizer {
        $0.entry("tokenizer.ggml.add_bos_token", .bool)
        $0.append(UInt8(1))
        $0.entry("tokenizer.ggml.bos_token_id", UInt32(3))
        return 2
      }
    }
    #expect(throws: FormatError.self) {
      try tokenizer {
        $0.entry("tokenizer.ggml.token_type", .array)
        $0.append(GGUFValueType.int32.rawValue)
        $0.append(UInt64(1))
        $0.append(Int32(1))
        return 1
      }
    }
  }

  @Test(
    "a real file is read as the reference conversion of it",
    .enabled(
      if: ProcessInfo.processInfo.environment["LOCAL_MEMORY_GGUF"] != nil
        && ProcessInfo.processInfo.environment["LOCAL_MEMORY_GGUF_REFERENCE"] != nil))
  func realFile() throws {
    let environment = ProcessInfo.processInfo.environment
    let file = try GGUFFile(path: try #require(environment["LOCAL_MEMORY_GGUF"]))
    let folder = try #require(environment["LOCAL_MEMORY_GGUF_REFERENCE"])
    let expected = try Fixtures.tensors(safetensors: "\(folder)/model.safetensors")
    let tensors = try file.tensors(dtype: .f32)
    #expect(tensors.map(\.name) == expected.keys.sorted())
    let clock = ContinuousClock()
    var time = Duration.zero
    for tensor in tensors {
      let original = try #require(expected[tensor.name])
      #expect(tensor.shape == original.shape)
      let start = clock.now
      let bytes = tensor.bytes
      time += clock.now - start
      let same = original.withBytes { reference in
        bytes.withUnsafeBytes {
          $0.count == reference.count && memcmp($0.baseAddress!, reference.baseAddress!, $0.count) == 0
        }
      }
      #expect(same, "\(tensor.name)")
    }
    print("GGUF: \(tensors.count) tensors made in \(time)")
    for (made, name) in [(try file.configJSON(), "config"), (try file.tokenizerJSON(), "tokenizer")] {
      let reference = try JSONDocument(path: "\(folder)/\(name).json")
      #expect(made == JSONNode(reference.root).bytes(), "\(name)")
    }
  }
}

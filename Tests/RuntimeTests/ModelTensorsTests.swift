import Foundation
import Testing

@testable import Format
@testable import Runtime

/// Tensors that a configuration makes redundant, and names that differ in what stands before them. What is expected
/// here is what transformers 5 does of the same files.
@Suite struct ModelTensorsTests {
  private static let head = "lm_head.weight"
  private static let embedding = "model.embed_tokens.weight"
  private static let tied = #"{"tie_word_embeddings":true}"#

  // MARK: - Ends

  @Test func aTiedHeadOfOtherValuesIsTaken() throws {
    let untied = try ModelVariant(of: "llama-a")
    let variant = try ModelVariant(of: "llama-a", fields: Self.tied)
    #expect(variant.logits == untied.logits)
    #expect(variant.warnings.count == 1 && variant.warnings[0].contains("tie_word_embeddings is true"))
  }

  @Test func aTiedHeadIsTheEmbedding() throws {
    let without = try ModelVariant(of: "llama-a", fields: Self.tied) { $0[Self.head] = nil }
    let both = try ModelVariant(of: "llama-a", fields: Self.tied) { $0[Self.head] = $0[Self.embedding] }
    let headAlone = try ModelVariant(of: "llama-a", fields: Self.tied) {
      $0[Self.head] = $0.removeValue(forKey: Self.embedding)
    }
    #expect(both.logits == without.logits && headAlone.logits == without.logits)
    #expect(without.logits != (try ModelVariant(of: "llama-a").logits))
    #expect((without.warnings + both.warnings + headAlone.warnings).isEmpty)
  }

  @Test func anUntiedHeadIsNeeded() {
    #expect {
      try ModelVariant(of: "llama-a") { $0[Self.head] = nil }
    } throws: { ($0 as? FormatError)?.kind == .missingTensor }
  }

  // MARK: - Beside the configuration

  @Test func biasesThatAreNotAskedForChangeNothing() throws {
    let plain = try ModelVariant(of: "llama-a")
    let variant = try ModelVariant(of: "llama-a") { tensors in
      tensors.add("model.layers.0.self_attn.q_proj.bias", [64]) { Float($0) }
    }
    #expect(variant.logits == plain.logits)
    #expect(
      variant.warnings == [
        "the model has no place for 1 of \(21 + 1) tensors, which change nothing: model.layers.0.self_attn.q_proj.bias"
      ])
  }

  @Test func biasesThatAreMissingAreZero() throws {
    let zeros = try ModelVariant(of: "llama-biases") { tensors in
      for (name, tensor) in tensors where name.hasSuffix("bias") { tensors.add(name, tensor.shape) { _ in 0 } }
    }
    let missing = try ModelVariant(of: "llama-biases") { tensors in
      tensors = tensors.filter { !$0.key.hasSuffix("bias") }
    }
    #expect(missing.logits == zeros.logits && zeros.warnings.isEmpty)
    #expect(missing.warnings.count == 1 && missing.warnings[0].hasPrefix("biases are missing, zeros are taken: model."))
  }

  @Test func layersBeyondTheLastAreLeftOut() throws {
    let one = #"{"num_hidden_layers":1}"#
    let variant = try ModelVariant(of: "llama-a", fields: one)
    let cut = try ModelVariant(of: "llama-a", fields: one) { tensors in
      tensors = tensors.filter { !$0.key.hasPrefix("model.layers.1.") }
    }
    #expect(variant.logits == cut.logits && cut.warnings.isEmpty)
    #expect(variant.warnings.count == 1 && variant.warnings[0].contains("no place for 9 of 21 tensors"))
  }

  /// A vocabulary of another size than the embedding's is an error in transformers too.
  @Test func anEmbeddingOfOtherSizeIsRefused() {
    #expect {
      try ModelVariant(of: "llama-a", fields: #"{"vocab_size":357}"#)
    } throws: { ($0 as? FormatError)?.kind == .tensorShape }
  }

  /// llama-a has 4 frequencies of base 50000; factors on all of them stem from scaled positions.
  @Test(arguments: [(50000, 1, false), (50000, 0.25, false), (500_000, 1, true)] as [(Double, Double, Bool)])
  func savedFrequenciesAreCompared(_ base: Double, _ factor: Double, _ isTold: Bool) throws {
    let plain = try ModelVariant(of: "llama-a")
    let variant = try ModelVariant(of: "llama-a") { tensors in
      tensors.add("model.layers.1.self_attn.rotary_emb.inv_freq", [4]) {
        Float(factor * pow(base, -Double($0) / 4))
      }
    }
    #expect(variant.logits == plain.logits)
    #expect(variant.warnings.count == (isTold ? 1 : 0))
    #expect(variant.warnings.allSatisfy { $0.contains("rotary frequencies") && $0.hasSuffix("inv_freq") })
  }

  @Test func buffersOfOldFilesArePassedOver() throws {
    let variant = try ModelVariant(of: "gpt2-a") { tensors in
      tensors.add("transformer.h.0.attn.bias", [1, 1, 4, 4]) { _ in 1 }
      tensors.add("transformer.h.0.attn.masked_bias", []) { _ in -1e4 }
    }
    #expect(variant.warnings.isEmpty)
    #expect(variant.logits == (try ModelVariant(of: "gpt2-a").logits))
  }

  // MARK: - Names

  private static let renamed: [(fixture: String, rename: @Sendable (String) -> String)] = [
    ("llama-a", { $0.replacing("model.", with: "") }),
    ("llama-a", { "model." + $0 }),
    ("llama-a", { $0.contains("layers.1") ? $0.replacing("model.", with: "") : $0 }),
    ("llama-a", { "language_model." + $0 }),
    ("gpt2-a", { $0.replacing("transformer.", with: "") }),
    ("gpt2-published", { "transformer.transformer." + $0 }),
    ("gpt_neox-a", { $0.replacing("gpt_neox.", with: "") }),
    ("gpt_neox-a", { $0.replacing("embed_out", with: "lm_head") }),
  ]

  @Test(arguments: renamed.indices) func namesAreFoundWhateverStandsBefore(_ index: Int) throws {
    let (fixture, rename) = Self.renamed[index]
    let plain = try ModelVariant(of: fixture)
    let variant = try ModelVariant(of: fixture) { $0.rename(rename) }
    #expect(variant.logits == plain.logits && variant.warnings.isEmpty)
    for layer in 0..<plain.transformer.shape.layers {
      for site in Site.allCases {
        let address = SiteAddress(layer: layer, site: site)
        let name = plain.transformer.module(address).description
        #expect(variant.transformer.module(address).description == rename(name + ".weight").dropLast(7))
      }
    }
  }

  /// The text part of a model that reads images too, in both spellings that transformers has had.
  @Test(arguments: ["language_model.model.", "model.language_model."]) func textPart(_ prefix: String) throws {
    let plain = try ModelVariant(of: "gemma3-a")
    let variant = try ModelVariant(of: "gemma3-a", under: ("text_config", "gemma3")) { tensors in
      tensors.rename { $0.hasPrefix("model.") ? prefix + $0.dropFirst(6) : $0 }
      tensors.add("vision_tower.vision_model.encoder.layers.0.layer_norm1.weight", [2]) { _ in 1 }
    }
    #expect(variant.logits == plain.logits)
    #expect(variant.warnings.count == 1 && variant.warnings[0].contains("no place for 1 of"))
  }

  @Test func aTensorUnderTwoNamesHasOneContent() throws {
    let variant = try ModelVariant(of: "llama-a") { $0["norm.weight"] = $0["model.norm.weight"] }
    #expect(variant.logits == (try ModelVariant(of: "llama-a").logits))
    #expect {
      try ModelVariant(of: "llama-a") { $0.add("norm.weight", [64]) { _ in 2 } }
    } throws: { error in
      (error as? FormatError)?.kind == .duplicateName && "\(error)".contains("model.norm.weight and norm.weight")
    }
  }
}

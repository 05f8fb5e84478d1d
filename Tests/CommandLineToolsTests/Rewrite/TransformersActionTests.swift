import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite --transformers`.
@Suite struct TransformersActionTests {
  private let folder: TemporaryFolder
  private let out: String

  init() throws {
    folder = try TemporaryFolder()
    out = folder.file("out")
  }

  private func rewrite(_ arguments: String...) -> Outcome { Capture().run(RewriteCommand.self, arguments) }

  private func json(_ name: String) throws -> JSONValue { try JSONDocument(path: "\(out)/\(name)").root }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func whatIsInTheFolder() throws {
    let file = try folder.patched()
    let before = try folder.contents("patched.safetensors")
    let outcome = rewrite(file, "--transformers", out)
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.output.hasPrefix("\(out): 2 memories; ") && outcome.output.filter { $0 == "\n" }.count == 1)
    #expect(
      try names(out) == [
        "config.json", "local.memory.safetensors", "local_memory.py", "model.safetensors", "tokenizer.json",
        "tokenizer_config.json",
      ])
    let base = try MappedFile(path: "\(fixture("gpt2-a"))/model.safetensors").contents
    #expect(try MappedFile(path: "\(out)/model.safetensors").contents == base)
    let memories = try Checkpoint(path: "\(out)/local.memory.safetensors")
    #expect(try memories.memories.map(\.rows) == Checkpoint(path: file).memories.map(\.rows))
    #expect(try memories.recordedBase == Checkpoint(path: out).baseHash())
    let program = "\(testsFolder)/../Sources/CommandLineTools/Rewrite/local_memory.py"
    #expect(try MappedFile(path: "\(out)/local_memory.py").contents == MappedFile(path: program).contents)
    #expect(try json("config.json")["auto_map"]?["AutoModelForCausalLM"]?.string == "local_memory.LocalMemoryModel")
    #expect(try json("tokenizer_config.json")["tokenizer_class"]?.string == "PreTrainedTokenizerFast")
    #expect(try folder.names() == ["out", "patched.safetensors"])
    #expect(try folder.contents("patched.safetensors") == before)
    let told = rewrite(file, "--transformers", folder.file("json"), "--json")
    #expect(told.output == #"{"folder":"\#(folder.file("json"))","memories":["a","b"]}"# + "\n")
  }

  /// Names and configuration of a model that is the text part of a larger one.
  @Test func textParts() throws {
    let base = try Checkpoint(path: fixture("gpt2-a"))
    let vision = Tensor(name: "vision_tower.weight", shape: [2], floats: [1, 2])
    let tensors = base.tensors.map { tensor in
      var tensor = tensor
      tensor.name = ByteString("language_model.\(tensor.name)")
      return tensor
    }
    let model = folder.file("larger")
    try FileManager.default.createDirectory(atPath: model, withIntermediateDirectories: true)
    try SafetensorsFile.write(tensors + [vision], metadata: [:], to: "\(model)/model.safetensors")
    let config = String(decoding: try #require(base.companion(.config)), as: UTF8.self)
    try folder.write(
      #"{"model_type":"larger","auto_map":{"AutoModel":"own.Own"},"tie_word_embeddings":true,"text_config":\#(config)}"#,
      to: "larger/config.json")
    try folder.write(try #require(base.companion(.tokenizer)), to: "larger/tokenizer.json")
    try folder.write(
      #"{"auto_map":{"AutoTokenizer":["own.Own",null]},"tokenizer_class":"Own","model_max_length":7}"#,
      to: "larger/tokenizer_config.json")
    var memory = memory("a", cues: [cue(module: "language_model.transformer.h.0.mlp.c_proj")])
    memory.rows[0].module = "language_model.transformer.h.1.attn.c_proj"
    try Checkpoint(path: model).write(memories: [memory], to: folder.file("patched"))
    let outcome = rewrite(folder.file("patched"), "--transformers", out)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let written = try Checkpoint(path: out)
    #expect(Set(written.tensors.map(\.name)) == Set(base.tensors.map(\.name)))
    #expect(written.baseChanges(to: base).isEmpty)
    let row = try Checkpoint(path: "\(out)/local.memory.safetensors").memories[0].rows[0]
    #expect(row.module == "transformer.h.1.attn.c_proj" && row.cues[0].module == "transformer.h.0.mlp.c_proj")
    let fields = try json("config.json")
    #expect(fields["model_type"]?.string == "gpt2" && fields["text_config"] == nil)
    #expect(fields["tie_word_embeddings"]?.bool == true && fields["auto_map"]?.members.count == 1)
    let tokenizer = try json("tokenizer_config.json")
    #expect(tokenizer["auto_map"] == nil && tokenizer["tokenizer_class"]?.string == "PreTrainedTokenizerFast")
    #expect(tokenizer["model_max_length"]?.int == 7)
  }

  /// Names without the beginning that transformers saves, and shards.
  @Test(arguments: [
    ("gpt2-published", "transformer.h.1.mlp.c_proj"), ("llama-sharded", "model.layers.1.mlp.down_proj"),
  ])
  func otherFiles(_ name: String, _ module: String) throws {
    let (base, file) = (try folder.model(name), folder.file("patched"))
    #expect([0, 3].contains(rewrite(base, "--spec", try folder.spec(SampleSpec.pinned()), "-o", file).status))
    let outcome = rewrite(file, "--transformers", out)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let memories = try Checkpoint(path: "\(out)/local.memory.safetensors").memories
    #expect(memories[0].rows.map(\.module.description) == [module])
    let prefix = String(module.prefix { $0 != "." })
    let names = try Checkpoint(path: out).tensors.map(\.name.description)
    #expect(names.allSatisfy { $0.hasPrefix(prefix) || $0.hasPrefix("lm_head") || $0.hasSuffix(".attn.bias") })
    #expect(try Checkpoint(path: out).tensors.count == Checkpoint(path: file).tensors.count)
  }

  /// Memories of a sidecar, and without some; bases of any kind.
  @Test func edits() throws {
    let file = try folder.patched()
    #expect(rewrite(file, "--remove", "a", "--transformers", out).status == 0)
    #expect(try Checkpoint(path: "\(out)/local.memory.safetensors").memories.map(\.name) == ["b"])
    let sidecar = folder.file("s.memory.safetensors")
    #expect(rewrite(file, "--sidecar", sidecar).status == 0)
    let merged = rewrite(fixture("gpt2-a"), "--merge", sidecar, "--transformers", out, "--force", "--json")
    #expect([0, 3].contains(merged.status) && merged.output.contains(#""memories":["a","b"],"broken":"#))
    #expect(try Checkpoint(path: "\(out)/local.memory.safetensors").memories.map(\.name) == ["a", "b"])
    let gguf = "\(testsFolder)/Fixtures/gguf/models/llama-llama3.gguf"
    let (spec, other) = (try folder.spec(SampleSpec.pinned()), folder.file("g.memory.safetensors"))
    #expect([0, 3].contains(rewrite(gguf, "--dtype", "bf16", "--spec", spec, "--sidecar", other).status))
    let made = rewrite(gguf, "--dtype", "bf16", "--merge", other, "--transformers", folder.file("g"))
    #expect([0, 3].contains(made.status), "\(made.errors)")
    #expect(try Checkpoint(path: folder.file("g")).tensors.allSatisfy { $0.dtype == .bf16 })
    let dtype = rewrite(file, "--transformers", folder.file("x"), "--dtype", "bf16")
    #expect(dtype.status == 2 && dtype.errors.contains("only tensors of a .gguf file are converted"))
  }

  @Test func whatIsRefused() throws {
    let file = try folder.patched()
    try folder.write("mine", to: "note")
    try folder.expectRewriteFails([file, "--transformers", folder.file("note"), "--force"], "not a folder")
    try folder.expectRewriteFails([fixture("gpt2-a"), "--transformers", out], "holds no memories")
    try folder.expectRewriteFails([file, "--transformers", folder.file("no/such/folder")], "No such file")
    try folder.expectRewriteFails([file, "--transformers", out, "-o", "x"], status: 2, "exclude each other")
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    try folder.write("mine", to: "out/note")
    try folder.expectRewriteFails([file, "--transformers", out], "exists already (--force replaces it)")
    try folder.expectRewriteFails(
      [file, "--transformers", out, "--force"], "is not replaced: it holds no local_memory.py")
    #expect(try names(out) == ["note"])
    try FileManager.default.removeItem(atPath: "\(out)/note")
    #expect(rewrite(file, "--transformers", out, "--force").status == 0)
    let old = try names(out)
    try folder.write("old", to: "out/old")
    #expect(rewrite(file, "--transformers", out, "--force").status == 0)
    #expect(try names(out) == old && folder.names() == ["note", "out", "patched.safetensors"])
    try FileManager.default.moveItem(atPath: file, toPath: "\(out)/patched.safetensors")
    try folder.expectRewriteFails(
      ["\(out)/patched.safetensors", "--transformers", out, "--force"], "the model is read from there")
    try folder.expectRewriteFails(
      ["\(out)/local.memory.safetensors", "--transformers", folder.file("x")], "memories without their base")
  }
}

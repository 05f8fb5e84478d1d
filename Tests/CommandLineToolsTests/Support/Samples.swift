import Foundation
import TestSupport

@testable import Format

/// A memory of one row that fits gpt2-a, whose width is 48.
func memory(
  _ name: String, layer: Int = 1, key: Float = 1, delta: Float = 0.5, boundary: Float = 0.25,
  target: String = " Kathmandu", cues: [MemoryCue] = []
) -> Memory {
  let row = MemoryRow(
    module: ByteString("transformer.h.\(layer).attn.c_proj"), position: 7, targetID: 3, alpha: 1,
    boundary: boundary, hardness: 3, key: [key] + [Float](repeating: 1, count: 47),
    delta: [Float](repeating: delta, count: 48), cues: cues)
  return Memory(
    name: name, prompt: "The capital city of Nepal is located in", target: target, targetIDs: [3],
    method: "seed", site: "attn", layer: layer, token: "last", rows: [row], entry: .null, scores: .null)
}

/// A cue that fits gpt2-a, whose MLP is 192 wide.
func cue(
  key: Float = 1, mode: MemoryCue.Mode = .seen, module: String = "transformer.h.0.mlp.c_proj"
) -> MemoryCue {
  let width = module.contains("mlp") ? 192 : 48
  return MemoryCue(
    mode: mode, module: ByteString(module), boundary: 0.5, hardness: 2,
    key: [key] + [Float](repeating: 1, count: width - 1))
}

/// A memory whose region is so wide that it acts on every token.
func wideMemory(_ name: String, layer: Int = 1) -> Memory { memory(name, layer: layer, delta: 3, boundary: 1e6) }

/// Memories of specs for the tiny models, as JSON.
enum SampleSpec {
  /// A memory that leaves all to the compiler.
  static let auto =
    #"{"name":"a","prompt":"The capital city of Nepal is located in","target":" Tokyo","positives":["The capital city of Nepal is"],"negatives":["Paris is the capital of"]}"#

  /// A memory with every setting pinned; `extra` is further keys behind a comma.
  static func pinned(_ extra: String = "") -> String {
    #"{"name":"b","prompt":"Once upon a time","target":" Tokyo","method":"seed","site":"mlp","layer":1,"alpha":1e-3,"boundary":0.3\#(extra)}"#
  }
}

extension TemporaryFolder {
  /// Writes a spec of memories that are separated by commas.
  ///
  /// - Returns: its path, which is another one each time.
  func spec(_ memories: String = SampleSpec.auto) throws -> String {
    try write(#"{"memories":[\#(memories)]}"#, to: "spec-\(UUID().uuidString).json")
  }

  /// Writes gpt2-a with memories in it.
  ///
  /// - Returns: its path.
  func patched(
    _ name: String = "patched.safetensors", _ memories: [Memory] = [memory("a"), memory("b", key: 2)]
  ) throws -> String {
    try Checkpoint(path: fixture("gpt2-a")).write(memories: memories, to: file(name))
    return file(name)
  }

  /// The bytes of a file.
  func contents(_ name: String) throws -> [UInt8] { try MappedFile(path: file(name)).contents }
}

import Testing

@testable import Format
@testable import Runtime

/// The values that transformers computes of a tiny model's cases: a prompt with a target each.
struct TransformersValues {
  struct Case {
    var prompt: String
    var ids: [Int]
    var target: String
    var targetID: Int
    /// The likeliest next token.
    var next: Int
  }

  let cases: [Case]
  private let tensors: Checkpoint

  init(_ model: String) throws {
    tensors = try Checkpoint(path: TinyModel.path("\(model)/expected.safetensors"))
    let root = try JSONDocument(path: TinyModel.path("\(model)/expected.json")).root
    cases = try #require(root["cases"]).elements.map { item in
      Case(
        prompt: try #require(item["prompt"]?.string),
        ids: try #require(item["prompt_ids"]).elements.compactMap(\.int),
        target: try #require(item["target"]?.string), targetID: try #require(item["target_id"]?.int),
        next: try #require(item["greedy"]?.elements.first?.int))
    }
  }

  /// a of a prompt's last token (D).
  func activation(_ index: Int, _ address: SiteAddress) throws -> [Float] { try last("act", index, address) }

  /// g = ∂L/∂a of a prompt's last token (D).
  func gradient(_ index: Int, _ address: SiteAddress) throws -> [Float] { try last("grad", index, address) }

  private func last(_ kind: String, _ index: Int, _ address: SiteAddress) throws -> [Float] {
    let tensor = try #require(tensors[ByteString("case.\(index).\(kind).\(address.site).\(address.layer)")])
    return Array(try #require(tensor.floats()).suffix(tensor.shape[1]))
  }
}

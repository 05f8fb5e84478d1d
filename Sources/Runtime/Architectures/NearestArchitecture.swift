import Format

/// The supported architecture that an unknown one has most in common with: its name, else its tensors' names.
struct NearestArchitecture {
  /// nil where nothing is like it.
  let type: String?

  init(of checkpoint: Checkpoint, type: String, among known: [String]) {
    self.type = Self.named(like: type, among: known) ?? Self.withTensors(of: checkpoint)
  }

  /// The known name that begins like `type`, with its whole first word at least; of several the shortest.
  private static func named(like type: String, among known: [String]) -> String? {
    func shared(_ name: String) -> Int {
      let common = zip(name, type).prefix { $0 == $1 }.map(\.0)
      return common.last == "_" ? common.count - 1 : common.count
    }
    let alike = known.filter { name in
      let word = name.prefix(while: \.isLetter)
      // Many models are called GPT and have nothing else in common.
      return word != "gpt" && type.hasPrefix(word)
    }
    return alike.max { (shared($0), -$0.count) < (shared($1), -$1.count) }
  }

  private static func withTensors(of checkpoint: Checkpoint) -> String? {
    let marks = [
      ("experts.", "qwen3_moe"), ("self_attn.qkv_proj.", "phi3"), ("self_attn.q_proj.", "llama"),
      ("attention.query_key_value.", "gpt_neox"), ("attn.c_attn.", "gpt2"),
    ]
    let names = checkpoint.tensors.map(\.name.description)
    return marks.first { mark in names.contains { $0.contains(mark.0) } }?.1
  }
}

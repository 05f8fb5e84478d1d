import Format
import Runtime

extension MemoryCue.Mode {
  /// How the mode is called in what people and programs read.
  var word: String { self == .seen ? "seen" : "here" }
}

extension Firing {
  /// Where the cues were present and the memory acted, as positions of tokens: `seen at 4, here at 7, asked at 7`; nil
  /// where the row asks for no cues.
  var words: String? {
    guard !cues.isEmpty else { return nil }
    let parts = cues.map { "\($0.mode.word) at \($0.position)" }
    return (parts + ["asked at \(position)"]).joined(separator: ", ")
  }
}

/// Turns tokens into text as they come, holding back what later tokens may change.
///
/// The text is that of `Tokenizer.decode`.
public struct TokenStreamDecoder {
  private let tokenizer: Tokenizer
  private var stages: [DecodingStage]
  private var isFirst = true
  /// The text of tokens before that is still held back; it is no part of what comes.
  private var skipped: Substring = ""

  public init(_ tokenizer: Tokenizer) { self.init(tokenizer, isStart: false) }

  /// A decoder of the tokens behind a prompt.
  public init(_ tokenizer: Tokenizer, behind prompt: [Int]) {
    self.init(tokenizer, isStart: false)
    for id in prompt { _ = append(id) }
    var end = self
    skipped = end.finish()[...]
  }

  /// - Parameter isStart: whether the tokens begin a text.
  init(_ tokenizer: Tokenizer, isStart: Bool) {
    self.tokenizer = tokenizer
    stages = tokenizer.decoder.stages(isStart: isStart)
  }

  /// The text that is complete with this token.
  public mutating func append(_ id: Int) -> String {
    guard let spelling = tokenizer.spelling(of: id) else { return "" }
    defer { isFirst = false }
    return text(of: [isFirst ? spelling : tokenizer.decoder.separator + spelling], through: 0)
  }

  /// The rest at the end, incomplete characters as U+FFFD.
  public mutating func finish() -> String {
    var result = ""
    for i in stages.indices { result += text(of: stages[i].finish(), through: i + 1) }
    return result
  }

  /// What becomes of tokens in the stages from `first` on.
  private mutating func text(of tokens: [[UInt8]], through first: Int) -> String {
    var tokens = tokens
    for i in first..<stages.count { tokens = tokens.flatMap { stages[i].append($0) } }
    return withoutSkipped(String(decoding: tokens.joined(), as: UTF8.self))
  }

  private mutating func withoutSkipped(_ text: String) -> String {
    guard !skipped.isEmpty, !text.isEmpty else { return text }
    let common = zip(skipped.unicodeScalars, text.unicodeScalars).prefix { $0 == $1 }.count
    // What differs was completed in another way.
    skipped = common == text.unicodeScalars.count ? Substring(skipped.unicodeScalars.dropFirst(common)) : ""
    return String(text.unicodeScalars.dropFirst(common))
  }
}

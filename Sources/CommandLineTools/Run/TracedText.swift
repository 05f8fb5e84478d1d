import Format
import Runtime

/// A writer of text that marks the tokens that memories acted on: a color per memory, or `[text](1)`.
struct TracedText {
  private let console: Console
  private let paint: Paint
  private var decoder: TokenStreamDecoder
  /// The tokens whose firings are not known yet.
  private var waiting: [Int]
  /// The position of the first token that waits.
  private var position = 0
  /// The number of tokens at the start that are not shown: none, or the prompt.
  private let hidden: Int
  private var names: [ByteString] = []
  /// Per name, where its cues were present when it acted first.
  private var words: [String?] = []
  /// The mark of tokens that did not complete a character yet: the index of a memory.
  private var mark: Int?
  private(set) var failure: (any Error)?

  private static let colors: [Color] = [.cyan, .yellow, .green, .red]

  init(_ tokenizer: Tokenizer, prompt: [Int], showsPrompt: Bool, console: Console, paint: Paint) {
    (self.console, self.paint) = (console, paint)
    decoder = TokenStreamDecoder(tokenizer)
    waiting = prompt
    hidden = showsPrompt ? 0 : prompt.count
  }

  mutating func add(_ id: Int) { waiting.append(id) }

  /// Writes the tokens that wait, with the firings on them.
  mutating func settle(_ firings: [Firing]) {
    var first: [Int: Int] = [:]
    for firing in firings {
      let name = ByteString(firing.memory)
      if !names.contains(name) {
        names.append(name)
        words.append(firing.words)
      }
      if first[firing.position] == nil { first[firing.position] = names.firstIndex(of: name) }
    }
    for id in waiting {
      mark = first[position] ?? mark
      write(decoder.append(id))
      position += 1
    }
    waiting = []
  }

  /// Writes the rest, without firings.
  mutating func finish() {
    settle([])
    write(decoder.finish())
  }

  private mutating func write(_ piece: String) {
    guard !piece.isEmpty, failure == nil else { return }
    let text = console.safe(piece)
    defer { mark = nil }
    guard position >= hidden else { return }
    do { try console.write(mark.map { marked(text, $0) } ?? text) } catch { failure = error }
  }

  private func marked(_ text: String, _ memory: Int) -> String {
    paint.isOn ? paint(text, Self.colors[memory % Self.colors.count]) : "[\(text)](\(memory + 1))"
  }

  /// A line per memory: its mark, its name, and where it acted first.
  var legend: [String] {
    names.enumerated().map { i, name in
      let text = name.description.printable() + (words[i].map { ": \($0)" } ?? "")
      guard paint.isOn, console.errorIsTerminal else { return "(\(i + 1)) \(text)" }
      return paint("(\(i + 1)) \(text)", Self.colors[i % Self.colors.count])
    }
  }
}

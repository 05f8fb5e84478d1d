import Format

/// A piece of a template.
struct TemplateToken {
  enum Kind: Equatable {
    /// Text between tags, as it is written out.
    case data(String)
    case blockBegin, blockEnd, variableBegin, variableEnd
    case name(String)
    case text(String)
    case integer(Int)
    case double(Double)
    case mark(String)
    case end
  }

  var kind: Kind
  var line: Int

  /// The token in words, for errors.
  var description: String {
    switch kind {
    case .data: "text"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .variableBegin: "{{"
    case .variableEnd: "}}"
    case .name(let name): name
    case .text(let text): "\"\(text.printable(limit: 30))\""
    case .integer(let value): "\(value)"
    case .double(let value): "\(value)"
    case .mark(let mark): mark
    case .end: "the end of the template"
    }
  }
}

/// Cuts a template into tokens by the rules of Jinja's lexer with `trim_blocks` and `lstrip_blocks`: the first newline
/// behind a block and the blanks before one at the start of a line are not written, `-` takes all white space.
struct TemplateLexer {
  let source: [Unicode.Scalar]
  private(set) var position = 0
  private var line = 1
  /// Whether the text at `position` begins a line.
  private var startsLine = true
  private var tokens: [TemplateToken] = []

  /// - Throws: `TemplateProblem` where a tag, a text or a bracket is not closed, or a character belongs to no token.
  static func tokens(of text: String) throws(TemplateProblem) -> [TemplateToken] {
    var lexer = TemplateLexer(text)
    do {
      try lexer.readTemplate()
    } catch {
      throw error.at(line: lexer.line)
    }
    lexer.append(.end)
    return lexer.tokens
  }

  private init(_ text: String) {
    var scalars: [Unicode.Scalar] = []
    var last: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      if scalar == "\r" { scalars.append("\n") } else if scalar != "\n" || last != "\r" { scalars.append(scalar) }
      last = scalar
    }
    if scalars.last == "\n" { scalars.removeLast() }
    source = scalars
  }

  mutating func append(_ kind: TemplateToken.Kind) { tokens.append(TemplateToken(kind: kind, line: line)) }

  func starts(with text: String, at index: Int) -> Bool {
    var i = index
    for scalar in text.unicodeScalars {
      guard i < source.count, source[i] == scalar else { return false }
      i += 1
    }
    return true
  }

  mutating func advance(to end: Int) {
    line += source[position..<end].count { $0 == "\n" }
    startsLine = end > position && source[end - 1] == "\n"
    position = end
  }

  func endOfSpace(from index: Int) -> Int { source[index...].firstIndex { !$0.isSpace } ?? source.count }

  private mutating func readTemplate() throws(TemplateProblem) {
    while position < source.count {
      let next = (position..<source.count).first { i in
        source[i] == "{" && i + 1 < source.count && "%{#".unicodeScalars.contains(source[i + 1])
      }
      guard let next else {
        append(.data(String(source[position...])))
        advance(to: source.count)
        return
      }
      var end = next + 2
      let sign = end < source.count && "+-".unicodeScalars.contains(source[end]) ? source[end] : nil
      if sign != nil { end += 1 }
      appendData(upTo: next, sign: sign, isVariable: source[next + 1] == "{")
      switch source[next + 1] {
      case "#": try skipComment(from: end)
      case "{":
        advance(to: end)
        append(.variableBegin)
        try readTag(isVariable: true)
      default:
        if let content = rawContent(from: end) {
          try readRaw(from: content)
        } else {
          advance(to: end)
          append(.blockBegin)
          try readTag(isVariable: false)
        }
      }
    }
  }

  /// Appends the text before a tag, without the white space that the tag takes.
  mutating func appendData(upTo end: Int, sign: Unicode.Scalar?, isVariable: Bool) {
    let text = source[position..<end]
    var kept = text
    if sign == "-" {
      while kept.last?.isSpace == true { kept.removeLast() }
    } else if sign != "+", !isVariable {
      let lineStart = text.lastIndex(of: "\n").map { $0 + 1 } ?? text.startIndex
      if lineStart > text.startIndex || startsLine, text[lineStart...].allSatisfy(\.isSpace) {
        kept = text[..<lineStart]
      }
    }
    if !kept.isEmpty { append(.data(String(kept))) }
    advance(to: end)
  }

  private mutating func skipComment(from index: Int) throws(TemplateProblem) {
    guard let close = (index..<source.count).first(where: { starts(with: "#}", at: $0) }) else {
      throw TemplateProblem("a comment is not closed")
    }
    advance(to: endOfTag(close, "#}", signIndex: close > index ? close - 1 : nil))
  }

  /// The index behind a closing mark at `close` and the white space that it takes.
  func endOfTag(_ close: Int, _ mark: String, signIndex: Int?, trims: Bool = true) -> Int {
    let end = close + mark.count
    switch signIndex.map({ source[$0] }) {
    case "-": return endOfSpace(from: end)
    case "+": return end
    default: return trims && end < source.count && source[end] == "\n" ? end + 1 : end
    }
  }

  /// The index behind `{% raw %}` whose inside begins at `index`; nil for another tag.
  private func rawContent(from index: Int) -> Int? {
    var i = endOfSpace(from: index)
    guard starts(with: "raw", at: i) else { return nil }
    i = endOfSpace(from: i + 3)
    if starts(with: "-%}", at: i) { return endOfSpace(from: i + 3) }
    return starts(with: "%}", at: i) ? i + 2 : nil
  }

  private mutating func readRaw(from index: Int) throws(TemplateProblem) {
    advance(to: index)
    for i in index..<source.count where starts(with: "{%", at: i) {
      var name = i + 2
      let sign = name < source.count && "+-".unicodeScalars.contains(source[name]) ? source[name] : nil
      if sign != nil { name += 1 }
      name = endOfSpace(from: name)
      guard starts(with: "endraw", at: name) else { continue }
      var close = endOfSpace(from: name + 6)
      let hasSign = close < source.count && "+-".unicodeScalars.contains(source[close])
      if hasSign { close += 1 }
      guard starts(with: "%}", at: close) else { continue }
      appendData(upTo: i, sign: sign, isVariable: false)
      advance(to: endOfTag(close, "%}", signIndex: hasSign ? close - 1 : nil))
      return
    }
    throw TemplateProblem("{% raw %} is not closed")
  }
}

extension Unicode.Scalar {
  /// Whether Python's `str.isspace` holds.
  var isSpace: Bool { properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(self) }
  var isDigit: Bool { ("0"..."9").contains(self) }
}

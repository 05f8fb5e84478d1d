import Format

/// Cuts what stands inside of tags.
extension TemplateLexer {
  private static let marks = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".",
    ":", "|", ",", ";",
  ]

  mutating func readTag(isVariable: Bool) throws(TemplateProblem) {
    let close = isVariable ? "}}" : "%}"
    var brackets: [String] = []
    while position < source.count {
      if brackets.isEmpty {
        let sign = "+-".unicodeScalars.contains(source[position]) && !(isVariable && source[position] == "+") ? 1 : 0
        if starts(with: close, at: position + sign) {
          append(isVariable ? .variableEnd : .blockEnd)
          advance(
            to: endOfTag(
              position + sign, close, signIndex: sign == 1 ? position : nil, trims: !isVariable))
          return
        }
      }
      let scalar = source[position]
      if scalar.isSpace {
        advance(to: endOfSpace(from: position))
      } else if scalar.isDigit {
        try readNumber()
      } else if scalar == "_" || scalar.properties.isXIDStart {
        let end = source[position...].firstIndex { !$0.properties.isXIDContinue } ?? source.count
        append(.name(String(source[position..<end])))
        advance(to: end)
      } else if scalar == "'" || scalar == "\"" {
        try readText(quote: scalar)
      } else {
        try readMark(&brackets)
      }
    }
    throw TemplateProblem("a tag is not closed", expected: close)
  }

  private mutating func readMark(_ brackets: inout [String]) throws(TemplateProblem) {
    guard let mark = Self.marks.first(where: { starts(with: $0, at: position) }) else {
      throw TemplateProblem("unknown character", got: "\"\(String(source[position]).printable())\"")
    }
    if let closing = ["(": ")", "[": "]", "{": "}"][mark] {
      brackets.append(closing)
    } else if [")", "]", "}"].contains(mark), brackets.popLast() != mark {
      throw TemplateProblem("\"\(mark)\" closes nothing")
    }
    append(.mark(mark))
    advance(to: position + mark.count)
  }

  private mutating func readNumber() throws(TemplateProblem) {
    func endOfDigits(_ index: Int) -> Int {
      source[index...].firstIndex { !$0.isDigit && $0 != "_" } ?? source.count
    }
    var end = endOfDigits(position)
    var isDouble = false
    if end + 1 < source.count, source[end] == ".", source[end + 1].isDigit {
      (end, isDouble) = (endOfDigits(end + 1), true)
    }
    if end < source.count, source[end] == "e" || source[end] == "E" {
      let digits = end + 1 < source.count && "+-".unicodeScalars.contains(source[end + 1]) ? end + 2 : end + 1
      if digits < source.count, source[digits].isDigit { (end, isDouble) = (endOfDigits(digits), true) }
    }
    let spelled = String(source[position..<end])
    let text = spelled.replacing("_", with: "")
    if isDouble, let value = Double(text) {
      append(.double(value))
    } else if let value = Int(text), text.first != "0" || value == 0 {
      append(.integer(value))
    } else {
      throw TemplateProblem("not a number that is supported", expected: "a decimal one of 64 bits", got: spelled)
    }
    advance(to: end)
  }

  private mutating func readText(quote: Unicode.Scalar) throws(TemplateProblem) {
    var text: [Unicode.Scalar] = []
    var i = position + 1
    while i < source.count {
      let scalar = source[i]
      i += 1
      if scalar == quote {
        append(.text(String(text)))
        advance(to: i)
        return
      }
      if scalar == "\\", i < source.count { try readEscape(&i, into: &text) } else { text.append(scalar) }
    }
    throw TemplateProblem("a text is not closed", expected: String(quote))
  }

  private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
    "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}",
    "v": "\u{B}",
  ]

  /// Reads what stands behind a backslash, as Python's `unicode-escape` does.
  private func readEscape(_ i: inout Int, into text: inout [Unicode.Scalar]) throws(TemplateProblem) {
    let letter = source[i]
    i += 1
    if let scalar = Self.escapes[letter] {
      text.append(scalar)
    } else if let count = ["x": 2, "u": 4, "U": 8][letter] {
      let digits = String(source[i..<min(i + count, source.count)])
      guard digits.unicodeScalars.count == count, let value = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(value)
      else { throw TemplateProblem("not an escape that is supported", got: "\\\(letter)\(digits.printable())") }
      text.append(scalar)
      i += count
    } else if ("0"..."7").contains(letter) {
      let end = source[i...].prefix(2).firstIndex { !("0"..."7").contains($0) } ?? min(i + 2, source.count)
      text.append(Unicode.Scalar(UInt32(String(source[(i - 1)..<end]), radix: 8) ?? 0) ?? "\u{FFFD}")
      i = end
    } else if letter == "N" {
      throw TemplateProblem("not an escape that is supported", got: "\\N")
    } else if letter != "\n" {
      text += ["\\", letter]
    }
  }
}

import Format

// What Python's texts do; all count and compare code points, where Swift's characters join some of them.
extension String {
  /// The text without the scalars of `set` at its ends, without white space where that is nil.
  func stripped(_ set: String? = nil, left: Bool = true, right: Bool = true) -> String {
    let members = set.map { Set($0.unicodeScalars) }
    func isTaken(_ scalar: Unicode.Scalar) -> Bool { members?.contains(scalar) ?? scalar.isSpace }
    var rest = unicodeScalars[...]
    while left, let first = rest.first, isTaken(first) { rest.removeFirst() }
    while right, let last = rest.last, isTaken(last) { rest.removeLast() }
    return String(rest)
  }

  /// Where `part` begins first, as indices of scalars' bytes.
  func firstRange(ofScalars part: String, from start: String.Index? = nil) -> Range<String.Index>? {
    let (bytes, sought) = (utf8, Array(part.utf8))
    guard let first = sought.first else { return (start ?? startIndex)..<(start ?? startIndex) }
    var index = start ?? startIndex
    while let found = bytes[index...].firstIndex(of: first) {
      var (i, j) = (found, 0)
      while j < sought.count, i < bytes.endIndex, bytes[i] == sought[j] {
        i = bytes.index(after: i)
        j += 1
      }
      if j == sought.count { return found..<i }
      index = bytes.index(after: found)
    }
    return nil
  }

  /// The parts between `separator`, which is not empty; at most `limit` cuts, from the left or from the right.
  func parts(separatedBy separator: String, limit: Int = .max, fromRight: Bool = false) -> [String] {
    var ranges: [Range<String.Index>] = []
    var start = startIndex
    while let range = firstRange(ofScalars: separator, from: start) {
      ranges.append(range)
      start = range.upperBound
    }
    if limit < ranges.count { ranges = fromRight ? ranges.suffix(limit) : Array(ranges.prefix(limit)) }
    var parts: [String] = []
    start = startIndex
    for range in ranges {
      parts.append(String(self[start..<range.lowerBound]))
      start = range.upperBound
    }
    return parts + [String(self[start...])]
  }

  /// The words between white space; the rest is whole behind `limit` cuts.
  func words(limit: Int = .max) -> [String] {
    var result: [String] = []
    var rest = stripped(right: false).unicodeScalars[...]
    while !rest.isEmpty {
      guard result.count < limit, let end = rest.firstIndex(where: \.isSpace) else {
        result.append(String(rest).stripped(left: false))
        break
      }
      result.append(String(rest[..<end]))
      rest = rest[end...].drop(while: \.isSpace)
    }
    return result
  }

  /// The text with `old` replaced; where that is empty, `new` stands around every scalar.
  func replacing(_ old: String, with new: String, limit: Int?) -> String {
    let limit = limit ?? .max
    if old.isEmpty {
      var result = limit > 0 ? new : ""
      for (i, scalar) in unicodeScalars.enumerated() {
        result.unicodeScalars.append(scalar)
        if i + 1 < limit { result += new }
      }
      return result
    }
    return parts(separatedBy: old, limit: limit).joined(separator: new)
  }

  private static let lineEnds: Set<Unicode.Scalar> = [
    "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}",
  ]

  func lines(keepingEnds: Bool = false) -> [String] {
    var result: [String] = []
    var line = ""
    let scalars = Array(unicodeScalars)
    var i = 0
    while i < scalars.count {
      guard Self.lineEnds.contains(scalars[i]) else {
        line.unicodeScalars.append(scalars[i])
        i += 1
        continue
      }
      let count = scalars[i] == "\r" && i + 1 < scalars.count && scalars[i + 1] == "\n" ? 2 : 1
      if keepingEnds { line.unicodeScalars.append(contentsOf: scalars[i..<(i + count)]) }
      result.append(line)
      line = ""
      i += count
    }
    return line.isEmpty ? result : result + [line]
  }

  /// The first scalar in upper case, the others in lower.
  var capitalizedOnce: String {
    guard let first = unicodeScalars.first else { return "" }
    return first.properties.titlecaseMapping + String(unicodeScalars.dropFirst()).lowercased()
  }

  /// Python's `title`: every run of letters begins in upper case.
  var titled: String {
    var result = ""
    var isInWord = false
    for scalar in unicodeScalars {
      let isLetter = scalar.properties.isCased
      result += isInWord ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInWord = isLetter
    }
    return result
  }

  /// Jinja's filter `title`: words begin behind white space, hyphens and opening brackets.
  var titledAsFilter: String {
    var (result, word) = ("", "")
    for scalar in unicodeScalars {
      if scalar.isSpace || "-({[<".unicodeScalars.contains(scalar) {
        result += word.titledWord
        word = ""
        result.unicodeScalars.append(scalar)
      } else {
        word.unicodeScalars.append(scalar)
      }
    }
    return result + word.titledWord
  }

  private var titledWord: String {
    unicodeScalars.first.map { $0.properties.uppercaseMapping + String(unicodeScalars.dropFirst()).lowercased() } ?? ""
  }

  /// The text as HTML writes it, as `markupsafe.escape` does.
  var escapedForHTML: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "'": result += "&#39;"
      case "\"": result += "&#34;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Python's `repr` of a text.
  var pythonLiteral: String {
    let quote: Unicode.Scalar = unicodeScalars.contains("'") && !unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String(quote)
    for scalar in unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case quote, "\\": result += "\\" + String(scalar)
      default:
        if scalar.isPrintable {
          result.unicodeScalars.append(scalar)
        } else {
          let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x1_0000 ? ("u", 4) : ("U", 8)
          result += "\\\(letter)" + scalar.hex(width: width)
        }
      }
    }
    return result + String(quote)
  }

  /// The text as JSON, as Python's `json.dumps` writes it.
  func jsonLiteral(ascii: Bool) -> String {
    var result = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      default:
        if scalar.value >= 0x20, scalar.isASCII && scalar.value < 0x7F || !ascii {
          result.unicodeScalars.append(scalar)
        } else {
          for unit in String(scalar).utf16 {
            let digits = String(unit, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
          }
        }
      }
    }
    return result + "\""
  }
}

extension Unicode.Scalar {
  /// Whether Python's `repr` writes the scalar as it is.
  fileprivate var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: self == " "
    default: true
    }
  }

  fileprivate func hex(width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: width - digits.count) + digits
  }
}

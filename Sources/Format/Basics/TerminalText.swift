// Text made to fit a line of a terminal, whose columns are not characters: ideographs and emoji take two, marks none.

extension StringProtocol {
  /// The string with control characters, line breaks and invisible marks escaped, cut behind `limit` scalars.
  package func printable(limit: Int = 200) -> String {
    var result = String.UnicodeScalarView()
    var count = 0
    for scalar in unicodeScalars {
      count += 1
      if count > limit {
        result.append("…")
        break
      }
      switch scalar.value {
      case 0x0A: result.append(contentsOf: "\\n".unicodeScalars)
      case 0x09: result.append(contentsOf: "\\t".unicodeScalars)
      // Controls, separators, marks that turn the direction of text, and marks that no font shows. Joiners are left: they
      // shape the letters of some scripts.
      case 0..<0x20, 0x7F..<0xA0, 0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x2069,
        0xFEFF, 0xFFF9...0xFFFB, 0xE0001:
        result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// The columns that the string takes.
  package var columns: Int { reduce(0) { $0 + $1.columns } }
}

extension String {
  /// The string filled up with spaces to `columns`.
  package func padded(to columns: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, columns - self.columns))
  }

  /// The string cut, with an ellipsis at the end, or filled with spaces to exactly `columns`, which is positive.
  package func fitted(to columns: Int) -> String {
    guard self.columns > columns else { return padded(to: columns) }
    var (result, used) = ("", 0)
    for character in self {
      let width = character.columns
      if used + width > columns - 1 { break }
      result.append(character)
      used += width
    }
    return (result + "…").padded(to: columns)
  }
}

extension Character {
  /// The columns that the character takes: the sum over its scalars, but 2 for an emoji of several.
  package var columns: Int {
    if isASCII { return 1 }
    let scalars = unicodeScalars
    guard let first = scalars.first, scalars.count > 1 else { return scalars.reduce(0) { $0 + $1.columns } }
    let isEmoji =
      first.properties.isEmojiPresentation
      || first.properties.isEmoji && scalars.contains { $0.value == 0xFE0F || $0.value == 0x200D }
    return isEmoji ? 2 : scalars.reduce(0) { $0 + $1.columns }
  }
}

extension Unicode.Scalar {
  /// The columns that the scalar takes: 2 where UAX #11 has W or F, 0 for marks and format characters, else 1.
  fileprivate var columns: Int {
    switch value {
    case 0..<0x300: return 1
    // Medial and final jamo stand in the syllable that a leading one opens.
    case 0x1160...0x11FF, 0xD7B0...0xD7FF: return 0
    case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x3029, 0x302E...0x303E, 0x3041...0x3098, 0x309B...0x3247,
      0x3250...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
      0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18D7F, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265,
      0x20000...0x3FFFD:
      return 2
    default:
      if properties.isEmojiPresentation { return 2 }
      switch properties.generalCategory {
      case .nonspacingMark, .enclosingMark, .format: return 0
      default: return 1
      }
    }
  }
}

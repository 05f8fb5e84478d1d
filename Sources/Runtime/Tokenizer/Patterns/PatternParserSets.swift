import Format

/// Sets in brackets, and escapes.
extension PatternParser {
  /// A set behind its opening bracket: members, ranges, sets in it, `&&` between sets of which all must hold.
  ///
  /// - Parameter isInner: whether it stands in another; only of the outer one case may be ignored.
  mutating func bracket(isInner: Bool = false) throws(FormatError) -> ScalarSet {
    let isComplement = take("^")
    var (set, met) = (ScalarSet(), ScalarSet.all)
    var isFirst = true
    while current != "]" || isFirst {
      isFirst = false
      if take("[:") {
        set = set.union(try posixSet())
      } else if take("[") {
        set = set.union(try nested { parser throws(FormatError) in try parser.bracket(isInner: true) })
      } else if take("&&") {
        (met, set) = (met.intersection(set), ScalarSet())
      } else {
        set = set.union(try members())
      }
    }
    position += 1
    set = met.intersection(set)
    if ignoresCase, !isInner {
      guard let closure = CaseFolding.closure(of: set) else {
        throw refusal("a letter that is several characters in another case")
      }
      set = closure
    }
    return isComplement ? set.complement : set
  }

  /// A character, a range of characters, or the set of an escape.
  private mutating func members() throws(FormatError) -> ScalarSet {
    let first: UInt32
    if take("\\") {
      if take("b") {
        first = 0x08
      } else if let scalar = try escapedScalar() {
        first = scalar
      } else if let set = try escapedSet(isAlone: false) {
        // Behind a set a hyphen is itself, where it stands last.
        if current == "-", position + 1 < source.count, source[position + 1] != "]" { throw refusal("this range") }
        return set
      } else {
        throw refusal("this escape")
      }
    } else {
      first = try next().value
    }
    guard current == "-", position + 1 < source.count, source[position + 1] != "]" else { return ScalarSet(first) }
    position += 1
    var last: UInt32?
    if take("\\") {
      last = try escapedScalar()
    } else if current != "[" {
      last = try next().value
    }
    guard let last, first <= last else { throw refusal("this range") }
    return ScalarSet(first...last)
  }

  private mutating func posixSet() throws(FormatError) -> ScalarSet {
    let isComplement = take("^")
    let name = text(upTo: ":")
    guard take(":]"), let set = ScalarProperty.posix(name) else { throw refusal("this set") }
    return isComplement ? set.complement : set
  }

  /// The character that is escaped behind a backslash, nil where no character is.
  mutating func escapedScalar() throws(FormatError) -> UInt32? {
    guard let scalar = current else { throw refusal("an end here") }
    let controls: [Unicode.Scalar: UInt32] = ["n": 0x0A, "r": 0x0D, "t": 0x09, "f": 0x0C, "v": 0x0B, "a": 7, "e": 0x1B]
    if let value = controls[scalar] {
      position += 1
      return value
    }
    switch scalar {
    case "x", "u":
      position += 1
      let isBraced = scalar == "x" && take("{")
      let digits = hexDigits(isBraced ? 6 : scalar == "x" ? 2 : 4)
      guard let value = UInt32(digits, radix: 16), value < ScalarSet.limit, !isBraced || take("}"),
        scalar == "x" || digits.count == 4
      else { throw refusal("this escape") }
      return value
    default:
      guard !("a"..."z").contains(scalar), !("A"..."Z").contains(scalar), !("0"..."9").contains(scalar) else {
        return nil
      }
      position += 1
      return scalar.value
    }
  }

  private mutating func hexDigits(_ most: Int) -> String {
    var digits = ""
    while digits.unicodeScalars.count < most, let digit = current, digit.properties.isASCIIHexDigit {
      digits.unicodeScalars.append(digit)
      position += 1
    }
    return digits
  }

  /// The set that an escape stands for, nil where it is none.
  ///
  /// - Parameter isAlone: whether the escape stands outside of brackets.
  mutating func escapedSet(isAlone: Bool) throws(FormatError) -> ScalarSet? {
    guard let scalar = current else { throw refusal("an end here") }
    let set: ScalarSet
    switch scalar {
    case "s", "S": set = ScalarCategory.spaces
    case "d", "D": set = ScalarCategory.set("Nd")
    case "w", "W": set = isAlone ? ScalarCategory.loneWords : ScalarCategory.words
    case "h", "H": set = ScalarProperty.hexDigits
    case "p", "P":
      position += 1
      return try property(isNegative: scalar == "P", isAlone: isAlone)
    default: return nil
    }
    position += 1
    return ("A"..."Z").contains(scalar) ? set.complement : set
  }

  private mutating func property(isNegative: Bool, isAlone: Bool) throws(FormatError) -> ScalarSet {
    guard take("{") else { throw refusal("a property without its name") }
    let isComplement = take("^") != isNegative
    let name = text(upTo: "}")
    guard take("}"), let set = ScalarProperty.set(name, isAlone: isAlone) else {
      throw refusal("properties that are no general category, script or class of POSIX")
    }
    return isComplement ? set.complement : set
  }

  private mutating func text(upTo end: Unicode.Scalar) -> String {
    var text = ""
    while let scalar = current, scalar != end {
      text.unicodeScalars.append(scalar)
      position += 1
    }
    return text
  }
}

import Format
import Runtime

/// Readers of single values of a spec; each throws `FormatError` of kind `spec` with what it expected.
extension JSONValue {
  /// The error for a wrong value, which says what the value is.
  func mismatch(_ problem: String, expected: String) -> FormatError {
    FormatError(.spec, location, problem, expected: expected, got: kindDescription)
  }

  /// The value of a key that an object must have.
  func required(_ key: String) throws(FormatError) -> JSONValue {
    guard let value = self[key] else {
      throw FormatError(.spec, location, "incomplete", expected: "the key \(quoted(key))")
    }
    return value
  }

  func nonEmptyString() throws(FormatError) -> String {
    guard let string, !string.isEmpty else { throw mismatch("wrong value", expected: "a non-empty string") }
    return string
  }

  func nonEmptyStrings() throws(FormatError) -> [String] {
    guard isArray else { throw mismatch("wrong value", expected: "an array of non-empty strings") }
    var strings: [String] = []
    strings.reserveCapacity(count)
    // Data sets have these by the hundred thousand: locations are made only where one is wrong.
    try forEachElement { element throws(FormatError) in
      if let string = element.string, !string.isEmpty { strings.append(string) }
    }
    if strings.count < count { for element in elements { _ = try element.nonEmptyString() } }
    return strings
  }

  /// A memory's name: a non-empty string, short and without line breaks, so that it fits into tables.
  func memoryName() throws(FormatError) -> String {
    let name = try nonEmptyString()
    guard name.utf8.count <= 200 else {
      throw FormatError(
        .spec, location, "the name is too long", expected: "at most 200 bytes", got: "\(name.utf8.count)")
    }
    guard !name.unicodeScalars.contains(where: \.breaksLines) else {
      throw mismatch("the name has a control character", expected: "none")
    }
    return name
  }

  /// One of the cases of `Word`, by its raw value.
  func word<Word: RawRepresentable & CaseIterable>(
    _ type: Word.Type
  ) throws(FormatError) -> Word where Word.RawValue == String {
    guard let string, let word = Word(rawValue: string) else {
      throw mismatch("wrong value", expected: alternatives(Word.allCases.map(\.rawValue)))
    }
    return word
  }

  var isAuto: Bool { string == "auto" }

  func siteChoice() throws(FormatError) -> Choice<Site> {
    if isAuto { return .auto }
    guard let string, let site = Site(rawValue: string) else {
      throw mismatch("wrong value", expected: alternatives(Site.allCases.map(\.rawValue) + ["auto"]))
    }
    return .given(site)
  }

  func layerChoice() throws(FormatError) -> Choice<Int> {
    if isAuto { return .auto }
    guard let int, int >= 0 else {
      throw mismatch("wrong value", expected: "a whole number from 0 or \"auto\"")
    }
    return .given(int)
  }

  /// A number that is positive and finite as a 32-bit float.
  func positiveChoice() throws(FormatError) -> Choice<Double> {
    try floatChoice(expected: "a positive number within a 32-bit float") { $0 > 0 && $0.isFinite }
  }

  /// A positive number whose square is a normal 32-bit float, since the strength divides by it.
  func boundaryChoice() throws(FormatError) -> Choice<Double> {
    try floatChoice(expected: "a positive number with a square within a 32-bit float") {
      $0 > 0 && ($0 * $0).isNormal
    }
  }

  private func floatChoice(
    expected: String, where holds: (Float) -> Bool
  ) throws(FormatError) -> Choice<Double> {
    if isAuto { return .auto }
    guard let double, holds(Float(double)) else {
      throw mismatch("wrong value", expected: "\(expected) or \"auto\"")
    }
    return .given(double)
  }

  func token() throws(FormatError) -> MemorySpec.Token {
    if let int { return .index(int) }
    switch string {
    case "auto": return .auto
    case "last": return .last
    case "subject": return .subject
    default: throw mismatch("wrong value", expected: #""auto", "last", "subject" or a whole number"#)
    }
  }

  func prefixesChoice() throws(FormatError) -> Choice<[String]> {
    if isAuto { return .auto }
    guard isArray else { throw mismatch("wrong value", expected: #"an array of non-empty strings or "auto""#) }
    return .given(try nonEmptyStrings())
  }

  func rejectUnknownKeys(known: [String]) throws(FormatError) {
    for (key, _) in members where !known.contains(where: { key == ByteString($0) }) {
      let nearest = nearestName(to: key.description, among: known)
      let expected = nearest.map(quoted) ?? alternatives(known)
      throw FormatError(.spec, location, "unknown key \(quoted(key.description))", expected: expected)
    }
  }
}

/// `text` in quotation marks, cut and escaped for an error line.
func quoted(_ text: String) -> String { "\"\(text.printable(limit: 60))\"" }

/// `"a", "b" or "c"`
func alternatives(_ words: [String]) -> String {
  let quotedWords = words.map(quoted)
  guard quotedWords.count > 1 else { return quotedWords.joined() }
  return quotedWords.dropLast().joined(separator: ", ") + " or " + quotedWords[quotedWords.count - 1]
}

extension String {
  /// Whether the string contains `part` byte for byte: tokenizers read prompts as bytes.
  func hasBytes(of part: String) -> Bool { Array(utf8).contains(Array(part.utf8)) }
}

extension Unicode.Scalar {
  /// Whether the scalar is a control character, or a separator at which some terminals and editors break lines.
  fileprivate var breaksLines: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}

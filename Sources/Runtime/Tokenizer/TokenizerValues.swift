import Format

/// Typed access to single values of a tokenizer.json: a wrong type is an error, not a default.
extension JSONValue {
  /// True or false under `key`; `fallback` where it is absent or null.
  func flag(_ key: String, default fallback: Bool) throws(FormatError) -> Bool {
    guard let value = self[key], !value.isNull else { return fallback }
    guard let flag = value.bool else { throw value.malformed(expected: "true or false") }
    return flag
  }

  /// The elements of the array under `key`, which must be there.
  func list(_ key: String) throws(FormatError) -> [JSONValue] {
    guard let value = self[key] else {
      throw FormatError(.tokenizer, location, "incomplete", expected: "the key \(key)")
    }
    return try value.list()
  }

  /// The elements of an array.
  func list() throws(FormatError) -> [JSONValue] {
    guard isArray else { throw malformed(expected: "an array") }
    return elements
  }

  /// The number under `key`, 0 or more; 0 where it is absent.
  func count(_ key: String) throws(FormatError) -> Int {
    guard let value = self[key], !value.isNull else { return 0 }
    guard let count = value.int, count >= 0 else { throw value.malformed(expected: "a number of characters") }
    return count
  }

  /// Whether an option with this value asks for nothing, as if it were absent: null, false, 0, or empty.
  var isNeutral: Bool {
    isNull || bool == false || double == 0 || string?.isEmpty == true || isArray && count == 0 || isObject && count == 0
  }

  private func malformed(expected: String) -> FormatError {
    FormatError(.tokenizer, location, "wrong value", expected: expected, got: kindDescription)
  }
}

extension JSONValue {
  /// The text under `key`, which must be there.
  func text(_ key: String) throws(FormatError) -> String {
    guard let text = self[key]?.string else {
      throw FormatError(
        .tokenizer, location, "wrong value", expected: "a text under \(key)",
        got: self[key]?.kindDescription ?? "nothing")
    }
    return text
  }

  /// The single character under `key`, which must be there.
  func scalar(_ key: String) throws(FormatError) -> Unicode.Scalar {
    guard let text = self[key]?.string?.unicodeScalars, text.count == 1, let scalar = text.first else {
      throw FormatError(
        .tokenizer, location, "wrong value", expected: "one character under \(key)",
        got: self[key]?.kindDescription ?? "nothing")
    }
    return scalar
  }

  /// The value of an enumeration that the text under `key` names.
  func choice<Value: RawRepresentable<String>>(
    _ key: String, default fallback: Value? = nil
  ) throws(FormatError) -> Value {
    let given = self[key].flatMap { $0.isNull ? nil : $0 }
    if given == nil, let fallback { return fallback }
    guard let value = given?.string.flatMap(Value.init) else {
      throw FormatError(
        .unsupported, "\(location).\(key)", "this value is not supported", got: given?.kindDescription ?? "nothing")
    }
    return value
  }

  /// The pattern under `key`: `{"String": text}` or `{"Regex": pattern}`.
  func pattern(_ key: String) throws(FormatError) -> TextPattern {
    if let text = self[key]?["String"]?.string { return TextPattern(literal: text) }
    if let source = self[key]?["Regex"]?.string { return try TextPattern(source, location: "\(location).\(key)") }
    throw FormatError(
      .tokenizer, location, "wrong value", expected: "a String or a Regex under \(key)",
      got: self[key]?.kindDescription ?? "nothing")
  }
}

import Format

/// Reading single values of a tokenizer.json: what has the wrong type is an error, not a default.
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
      throw FormatError(.tokenizer, place, "incomplete", expected: "the key \(key)")
    }
    return try value.list()
  }

  /// The elements of an array.
  func list() throws(FormatError) -> [JSONValue] {
    guard isArray else { throw malformed(expected: "an array") }
    return elements
  }

  private func malformed(expected: String) -> FormatError {
    FormatError(.tokenizer, place, "wrong value", expected: expected, got: kindDescription)
  }
}

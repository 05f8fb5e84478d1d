import Format

/// The values of a parsed command line, as the types that commands need.
extension ParsedArguments {
  public func has(_ name: String) -> Bool { values[name] != nil }

  /// The value of an option; nil where it is not given.
  public func text(_ name: String) -> String? { values[name]?.last }

  /// All values of a repeatable option.
  public func texts(_ name: String) -> [String] { values[name] ?? [] }

  /// The values of a repeatable option, each split at its first `=`.
  public func assignments(_ name: String) throws(UsageError) -> [(name: String, value: String)] {
    var result: [(name: String, value: String)] = []
    for text in texts(name) {
      guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
        throw Self.wrong(name, expected: "NAME=VALUE", got: text)
      }
      result.append((String(text[..<sign]), String(text[text.index(after: sign)...])))
    }
    return result
  }

  /// A whole number within `range`; nil where the option is not given.
  public func integer<Number: FixedWidthInteger>(
    _ name: String, in range: ClosedRange<Number>
  ) throws(UsageError) -> Number? {
    guard let text = text(name) else { return nil }
    if let number = Number(text), range.contains(number) { return number }
    let upper = range.upperBound == .max ? " or more" : " to \(range.upperBound)"
    throw Self.wrong(name, expected: "a whole number, \(range.lowerBound)\(upper)", got: text)
  }

  /// The number of threads; nil for one per processor.
  public func threads() throws(UsageError) -> Int? { try integer("threads", in: 1...256) }

  /// The name of a file to write; nil where the option is not given.
  ///
  /// - Parameter letter: the option's letter, which an error shows instead of the name.
  public func file(_ name: String, letter: Character? = nil) throws(UsageError) -> String? {
    guard let path = text(name), path.isEmpty else { return text(name) }
    throw UsageError("\(letter.map { "-\($0)" } ?? "--\(name)"): expected a file name, got an empty one")
  }

  /// The name of a file that is written as safetensors.
  func safetensors(_ name: String, letter: Character? = nil) throws(UsageError) -> String? {
    guard let path = try file(name, letter: letter), path.lowercased().hasSuffix(".gguf") else { return text(name) }
    throw UsageError("\(letter.map { "-\($0)" } ?? "--\(name)"): expected a .safetensors file, got \"\(path)\"")
  }

  /// The only operand, which the table requires.
  public func soleOperand() throws(UsageError) -> String {
    try requireOperands(atMost: 1)
    return operands[0]
  }

  /// Refuses operands beyond the first `count`.
  public func requireOperands(atMost count: Int) throws(UsageError) {
    if operands.count > count { throw UsageError("unexpected argument \"\(operands[count])\"") }
  }

  /// A finite number for which `isValid` holds; `expected` says in an error which numbers those are.
  public func number(
    _ name: String, expected: String, where isValid: (Double) -> Bool
  ) throws(UsageError) -> Double? {
    guard let text = text(name) else { return nil }
    if let number = Double(text), number.isFinite, isValid(number) { return number }
    throw Self.wrong(name, expected: expected, got: text)
  }

  /// One of the cases of `Value`, spelled as its raw value.
  public func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, of type: Value.Type = Value.self
  ) throws(UsageError) -> Value? where Value.RawValue == String {
    guard let text = text(name) else { return nil }
    if let value = Value(rawValue: text) { return value }
    throw Self.wrong(name, expected: type.allCases.map(\.rawValue).joined(separator: " or "), got: text)
  }

  /// Refuses two of `names` on one command line.
  public func requireAtMostOne(of names: String...) throws(UsageError) {
    let given = names.filter(has)
    if given.count > 1 { throw UsageError("--\(given[0]) and --\(given[1]) exclude each other") }
  }

  /// Refuses any of `names` without `option`.
  public func require(_ option: String, for names: String...) throws(UsageError) {
    if !has(option), let name = names.first(where: has) { throw UsageError("--\(name) needs --\(option)") }
  }

  static func wrong(_ name: String, expected: String, got: String) -> UsageError {
    UsageError("--\(name): expected \(expected), got \"\(got.printable(limit: 60))\"")
  }
}

import Format
import Foundation

/// Python's formatting of texts, as far as templates use it.
enum PythonFormat {
  /// `text.format(…)` with fields `{}`, `{0}` and `{name}`.
  static func braces(_ text: String, _ arguments: TemplateArgumentValues) throws(TemplateProblem) -> String {
    var result = ""
    var next = 0
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "{" || scalar == "}" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      if rest.first == scalar {
        result.unicodeScalars.append(scalar)
        rest.removeFirst()
        continue
      }
      guard scalar == "{", let end = rest.firstIndex(of: "}") else {
        throw TemplateProblem("a brace stands alone in a format")
      }
      let name = String(rest[..<end])
      rest = rest[rest.index(after: end)...]
      let value: TemplateValue?
      if name.isEmpty || Int(name) != nil {
        let index = Int(name) ?? next
        next += 1
        value = arguments.positional.indices.contains(index) ? arguments.positional[index] : nil
      } else {
        value = arguments.named.first { $0.0 == name }?.1
      }
      guard let value else {
        throw TemplateProblem(
          "a format asks for a value that is not given or not supported", got: "{\(name.printable(limit: 30))}")
      }
      result += try value.text()
    }
    return result
  }

  /// `format % values` with %s, %d, %i, %f, a number of digits behind the point, and %%.
  static func percent(_ format: String, _ values: [TemplateValue]) throws(TemplateProblem) -> String {
    var result = ""
    var values = values[...]
    var rest = format.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var digits: Int?
      if rest.first == "." {
        rest.removeFirst()
        let number = rest.prefix(while: \.isDigit)
        digits = Int(String(number)) ?? 0
        rest = rest.dropFirst(number.count)
      }
      let letter = rest.popFirst()
      if letter == "%", digits == nil {
        result += "%"
        continue
      }
      guard let value = values.popFirst() else { throw TemplateProblem("a format asks for more values than there are") }
      result += try field(letter, digits, value)
    }
    guard values.isEmpty else { throw TemplateProblem("a format takes fewer values than there are") }
    return result
  }

  private static func field(
    _ letter: Unicode.Scalar?, _ digits: Int?, _ value: TemplateValue
  ) throws(TemplateProblem) -> String {
    switch (letter, digits) {
    case ("s", nil): return try value.text()
    case ("d", nil), ("i", nil):
      guard let number = value.number, number.magnitude < 1e18 else {
        throw TemplateProblem("a format asks for a number", got: value.kind)
      }
      return "\(value.integer ?? Int(number))"
    case ("f", _):
      guard let number = value.number, digits ?? 6 <= 30 else {
        throw TemplateProblem("a format asks for a number", got: value.kind)
      }
      return String(format: "%.\(digits ?? 6)f", number)
    default:
      throw TemplateProblem("a format is not supported", got: "%" + (letter.map { String($0).printable() } ?? ""))
    }
  }
}

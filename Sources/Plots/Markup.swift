/// A piece of HTML or SVG: an element with its attributes and content, or text.
public indirect enum Markup: Sendable {
  case element(String, [(String, String)], [Markup])
  case text(String)
  /// Text that is not escaped: style sheets and scripts.
  case verbatim(String)

  /// Elements without content and end tag: some of HTML's, and the shapes of SVG.
  private static let empty: Set<String> = [
    "meta", "link", "br", "hr", "input", "col", "path", "rect", "circle", "line", "polyline", "polygon", "stop", "use",
  ]

  /// The markup as text, its content escaped so that it never becomes markup itself.
  public var text: String {
    var result = ""
    write(into: &result)
    return result
  }

  private func write(into result: inout String) {
    switch self {
    case .verbatim(let text): result += text
    case .text(let text): result += Self.escaped(text)
    case .element(let name, let attributes, let children):
      result += "<\(name)"
      for (key, value) in attributes { result += " \(key)=\"\(Self.escaped(value))\"" }
      if children.isEmpty, Self.empty.contains(name) {
        result += "/>"
        return
      }
      result += ">"
      for child in children { child.write(into: &result) }
      result += "</\(name)>"
    }
  }

  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      // No markup can hold these, not even by number.
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}":
        result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

extension Markup: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  public init(stringLiteral value: String) { self = .text(value) }
}

/// An element; attributes keep their order.
public func tag(
  _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup] = []
) -> Markup {
  .element(name, attributes.map { ($0.key, $0.value) }, children)
}

/// A coordinate as text; two decimals are finer than any screen.
func coordinate(_ value: Double) -> String {
  guard value.isFinite else { return "0" }
  let hundredths = (value * 100).rounded()
  guard abs(hundredths) < 1e15 else { return "0" }
  let text = "\(hundredths / 100)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

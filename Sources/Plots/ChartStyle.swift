/// The colors of charts and of the page around them, by what they are for.
///
/// Categories have the colors of Okabe and Ito, which all kinds of color vision tell apart, darker on light ground where a
/// text has them.
public enum ChartColor: String, Sendable, CaseIterable {
  case ground, ink, soft, grid, good, bad, both, other, chosen

  /// The color on a light page, on paper and in files, as `#rrggbb`.
  public var light: String {
    switch self {
    case .ground: "#ffffff"
    case .ink: "#1b1f24"
    case .soft: "#59636e"
    case .grid: "#e6e9ed"
    case .good: "#0072b2"
    case .bad: "#b84900"
    case .both: "#007a5a"
    case .other: "#6b737d"
    case .chosen: "#c4006c"
    }
  }

  /// The color on a dark page.
  public var dark: String {
    switch self {
    case .ground: "#14171b"
    case .ink: "#e6e9ec"
    case .soft: "#9aa4af"
    case .grid: "#282e35"
    case .good: "#56b4e9"
    case .bad: "#f0924a"
    case .both: "#3fc79a"
    case .other: "#9aa4af"
    case .chosen: "#ff5fb4"
    }
  }
}

/// The looks of all charts: as a style sheet, whose colors the page sets, or as attributes of a file that stands alone.
public enum ChartStyle {
  private enum Value {
    case color(ChartColor)
    case text(String)
  }

  /// What holds for elements of all of some classes. Where two rules differ, the later one counts, which is the more special.
  private struct Rule {
    /// nil for all elements.
    let element: String?
    let roles: [String]
    let declarations: [(property: String, value: Value)]

    init(_ element: String?, _ roles: [String], _ declarations: KeyValuePairs<String, Value>) {
      (self.element, self.roles) = (element, roles)
      self.declarations = declarations.map { (property: $0.key, value: $0.value) }
    }
  }

  private static let rules: [Rule] =
    [
      Rule("text", [], ["fill": .color(.soft)]),
      Rule(nil, ["name"], ["fill": .color(.ink)]),
      Rule(nil, ["strong"], ["fill": .color(.chosen), "font-weight": .text("600")]),
      Rule(nil, ["word"], ["white-space": .text("pre")]),
      Rule(nil, ["axis"], ["stroke": .color(.soft)]),
      Rule(nil, ["grid"], ["stroke": .color(.grid)]),
      Rule(nil, ["line"], ["fill": .text("none"), "stroke-width": .text("2")]),
      Rule(
        nil, ["chosen-line"],
        ["stroke": .color(.chosen), "stroke-width": .text("1.5"), "stroke-dasharray": .text("2 3")]),
      Rule(nil, ["halo"], ["fill": .text("none"), "stroke": .text("#ffffff"), "stroke-width": .text("5")]),
      Rule(nil, ["chosen"], ["fill": .text("none"), "stroke": .color(.chosen), "stroke-width": .text("2.5")]),
      Rule(nil, ["region"], ["fill": .color(.good), "fill-opacity": .text("0.12"), "stroke": .text("none")]),
      Rule(nil, ["region-edge"], ["fill": .text("none"), "stroke": .color(.good), "stroke-width": .text("1.5")]),
      Rule(nil, ["mark"], ["stroke-width": .text("1")]),
    ] + Tone.allCases.flatMap(rules)
    + [
      Rule(nil, ["line", "both"], ["stroke-dasharray": .text("5 3")]),
      Rule(nil, ["mark", "hollow"], ["fill": .color(.ground), "stroke-width": .text("1.6")]),
      Rule(nil, ["mark", "other"], ["fill-opacity": .text("0.55"), "stroke": .text("none")]),
    ]

  private static func rules(_ tone: Tone) -> [Rule] {
    [
      Rule(nil, ["line", tone.rawValue], ["stroke": .color(tone.color)]),
      Rule(nil, ["mark", tone.rawValue], ["fill": .color(tone.color), "stroke": .color(tone.color)]),
      Rule(nil, ["bar", tone.rawValue], ["fill": .color(tone.color)]),
      Rule("text", [tone.rawValue], ["fill": .color(tone.color), "font-weight": .text("600")]),
    ]
  }

  /// The style sheet of charts in a page, which has a variable for each color.
  public static var css: String {
    let lines = rules.map { rule in
      let declarations = rule.declarations.map { property, value in
        switch value {
        case .color(let color): "\(property): var(--\(color.rawValue))"
        case .text(let text): "\(property): \(text)"
        }
      }
      let selector = (rule.element ?? "") + rule.roles.map { ".\($0)" }.joined()
      return ".chart \(selector) { \(declarations.joined(separator: "; ")); }"
    }
    return lines.joined(separator: "\n")
  }

  /// The colors as the variables of a page.
  public static func variables(_ color: KeyPath<ChartColor, String>) -> String {
    ChartColor.allCases.map { "--\($0.rawValue): \($0[keyPath: color]);" }.joined(separator: " ")
  }

  /// The looks of one element as attributes, in the colors of light pages.
  static func attributes(of element: String, roles: String) -> [(String, String)] {
    let own = Set(roles.split(separator: " ").map(String.init))
    var result: [(String, String)] = []
    for rule in rules where rule.element ?? element == element && own.isSuperset(of: rule.roles) {
      for (property, value) in rule.declarations {
        let text =
          switch value {
          case .color(let color): color.light
          case .text(let text): text
          }
        // White space has an attribute of its own, which all viewers know.
        let attribute = property == "white-space" ? ("xml:space", "preserve") : (property, text)
        result.removeAll { $0.0 == attribute.0 }
        result.append(attribute)
      }
    }
    return result
  }
}

extension Tone {
  var color: ChartColor {
    switch self {
    case .good: .good
    case .bad: .bad
    case .both: .both
    case .other: .other
    }
  }
}

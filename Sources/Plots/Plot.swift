/// A drawing area with axes, the base of all charts.
///
/// Charts are `Plot.width` units wide, as a phone's screen, where their text has its natural size; the page lets them
/// grow from there. Colors come from the page's style sheet by class.
public struct Plot: Sendable {
  public static let width = 440.0
  static let fontSize = 11.0

  let height: Double
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  /// The text that screen readers read out.
  let title: String

  init(height: Double, left: Double, right: Double = 12, top: Double = 10, bottom: Double = 36, title: String) {
    self.height = height
    self.left = left
    self.right = right
    self.top = top
    self.bottom = bottom
    self.title = title
  }

  var innerRight: Double { Self.width - right }
  var innerBottom: Double { height - bottom }

  func svg(_ content: [Markup]) -> Markup {
    tag(
      "svg",
      [
        "class": "chart", "viewBox": "0 0 \(coordinate(Self.width)) \(coordinate(height))", "role": "img",
        "aria-label": title,
      ], content)
  }

  static func text(
    _ text: String, _ x: Double, _ y: Double, anchor: String = "middle", role: String = "tick", extra: String = ""
  ) -> Markup {
    .element(
      "text",
      [("class", role), ("x", coordinate(x)), ("y", coordinate(y)), ("text-anchor", anchor)]
        + (extra.isEmpty ? [] : [("transform", extra)]), [.text(text)])
  }

  static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, role: String) -> Markup {
    tag(
      "line",
      ["class": role, "x1": coordinate(x1), "y1": coordinate(y1), "x2": coordinate(x2), "y2": coordinate(y2)])
  }

  static func path(_ points: [(Double, Double)], role: String) -> Markup {
    let steps = points.enumerated().map { "\($0 == 0 ? "M" : "L")\(coordinate($1.0)) \(coordinate($1.1))" }
    return tag("path", ["class": role, "d": steps.joined()])
  }

  /// The horizontal axis below the drawing: ticks, labels where there is room, and its name.
  func horizontalAxis(_ scale: Scale, name: String, ticks: [Double]? = nil) -> [Markup] {
    let ticks = ticks ?? scale.ticks(8)
    let shown = Labels.thinned(
      ticks.map { (scale($0), Labels.width(Plots.label($0), size: Self.fontSize)) })
    var result = [Self.line(left, innerBottom, innerRight, innerBottom, role: "axis")]
    for (tick, isShown) in zip(ticks, shown) {
      let x = scale(tick)
      result.append(Self.line(x, innerBottom, x, innerBottom + (isShown ? 4 : 2), role: "axis"))
      if isShown { result.append(Self.text(Plots.label(tick), x, innerBottom + 15)) }
    }
    result.append(Self.text(name, (left + innerRight) / 2, height - 4, role: "name"))
    return result
  }

  /// The vertical axis with its name, and a thin line across the drawing at each tick.
  func verticalAxis(_ scale: Scale, name: String, ticks: [Double]? = nil) -> [Markup] {
    var result: [Markup] = []
    for tick in ticks ?? scale.ticks(5) {
      let y = scale(tick)
      result.append(Self.line(left, y, innerRight, y, role: "grid"))
      result.append(Self.text(Plots.label(tick), left - 5, y + 4, anchor: "end"))
    }
    let middle = (top + innerBottom) / 2
    result.append(Self.text(name, 11, middle, role: "name", extra: "rotate(-90 11 \(coordinate(middle)))"))
    return result
  }

  /// A small mark in the color and the shape of its tone: circle, triangle, square or bar.
  static func mark(_ tone: Tone, _ x: Double, _ y: Double, size r: Double, isHollow: Bool, note: String) -> Markup {
    let role = "mark \(tone.rawValue)" + (isHollow ? " hollow" : "")
    let title = note.isEmpty ? [] : [tag("title", [:], [.text(note)])]
    func polygon(_ points: [(Double, Double)]) -> Markup {
      tag(
        "polygon",
        [
          "class": role,
          "points": points.map { "\(coordinate(x + $0.0 * r)),\(coordinate(y + $0.1 * r))" }.joined(separator: " "),
        ], title)
    }
    switch tone {
    case .good:
      return tag("circle", ["class": role, "cx": coordinate(x), "cy": coordinate(y), "r": coordinate(r)], title)
    case .bad: return polygon([(0, -1.2), (1.1, 0.9), (-1.1, 0.9)])
    case .both: return polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case .other: return polygon([(-0.35, -1), (0.35, -1), (0.35, 1), (-0.35, 1)])
    }
  }

  /// Many marks of the tone `other` as one shape, since there may be hundreds.
  static func bars(_ centers: [(Double, Double)], size r: Double) -> Markup {
    let (width, height) = (coordinate(0.7 * r), coordinate(2 * r))
    let shapes = centers.map { "M\(coordinate($0.0 - 0.35 * r)) \(coordinate($0.1 - r))h\(width)v\(height)h-\(width)z" }
    return tag("path", ["class": "mark other", "d": shapes.joined()])
  }
}

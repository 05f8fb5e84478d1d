/// Values of several groups along one axis, below the curve of a function of them.
public struct StripChart: Sendable {
  public struct Group: Sendable {
    public var name: String
    public var tone: Tone
    public var isHollow: Bool
    public var values: [(value: Double, note: String)]

    public init(name: String, tone: Tone, isHollow: Bool = false, values: [(value: Double, note: String)]) {
      self.name = name
      self.tone = tone
      self.isHollow = isHollow
      self.values = values
    }
  }

  public var title: String
  public var groups: [Group]
  public var horizontal: String
  /// The range shown; values beyond it are drawn at its ends.
  public var domain: ClosedRange<Double>
  /// The function, with values from 0 to 1.
  public var shape: @Sendable (Double) -> Double
  public var shapeName: String

  public init(
    title: String, groups: [Group], horizontal: String, domain: ClosedRange<Double>, shapeName: String,
    shape: @escaping @Sendable (Double) -> Double
  ) {
    self.title = title
    self.groups = groups
    self.horizontal = horizontal
    self.domain = domain
    self.shapeName = shapeName
    self.shape = shape
  }

  private static let shapeHeight = 60.0
  private static let radius = 3.0

  public var markup: Markup {
    let names = groups.map { Labels.width($0.name, size: Plot.fontSize, isBold: true) }.max() ?? 0
    let left = max(46, names + 12)
    let x = Scale(domain, from: left, to: Plot.width - 14)
    let lanes = groups.map { Self.stacked($0.values.map { x($0.value) }) }
    let heights = lanes.map { 18 + Double($0.max() ?? 0) * Self.step(of: $0) }
    let top = 16.0
    let plot = Plot(
      height: top + Self.shapeHeight + 12 + heights.reduce(0, +) + 40, left: left, right: 14, top: top, bottom: 36,
      title: description)
    var content = region(plot, x)
    var bottom = top + Self.shapeHeight + 12
    for ((group, lane), height) in zip(zip(groups, lanes), heights) {
      bottom += height
      content.append(Plot.line(left, bottom - 1, plot.innerRight, bottom - 1, role: "grid"))
      content.append(
        Plot.text(group.name, left - 7, bottom - 4, anchor: "end", role: "tick \(group.tone.rawValue)"))
      let places = zip(group.values, lane).map { value, level in
        (x: x(value.value), y: bottom - 7 - Double(level) * Self.step(of: lane), note: value.note)
      }
      content += marks(of: group, at: places)
    }
    return plot.svg(content + plot.horizontalAxis(x, name: horizontal))
  }

  private func marks(of group: Group, at places: [(x: Double, y: Double, note: String)]) -> [Markup] {
    guard group.tone == .other else {
      return places.map {
        Plot.mark(group.tone, $0.x, $0.y, size: Self.radius, isHollow: group.isHollow, note: $0.note)
      }
    }
    return places.isEmpty ? [] : [Plot.bars(places.map { ($0.x, $0.y) }, size: Self.radius - 0.4)]
  }

  private var description: String {
    alternative(title, groups.map { "\($0.name): \(summary(of: $0.values.map(\.value)))" })
  }

  /// The curve of the function above the groups, the area below it filled.
  private func region(_ plot: Plot, _ x: Scale) -> [Markup] {
    let y = Scale(0...1, from: plot.top + Self.shapeHeight, to: plot.top)
    let count = 160
    let curve = (0...count).map { i -> (Double, Double) in
      let value = domain.lowerBound + (domain.upperBound - domain.lowerBound) * Double(i) / Double(count)
      return (x(value), y(shape(value)))
    }
    let floor = y(0)
    let area = [(curve.first!.0, floor)] + curve + [(curve.last!.0, floor)]
    return [
      Plot.path(area, role: "region"), Plot.path(curve, role: "region-edge"),
      Plot.line(plot.left, floor, plot.innerRight, floor, role: "grid"),
      Plot.text(shapeName, plot.left - 7, y(0.5) + 4, anchor: "end", role: "tick"),
      Plot.text("1", plot.left - 7, y(1) + 4, anchor: "end"),
    ]
  }

  /// The level of each mark, from 0, so that marks that would overlap stand on each other.
  static func stacked(_ centers: [Double]) -> [Int] {
    var ends: [Double] = []
    var levels = [Int](repeating: 0, count: centers.count)
    for index in centers.indices.sorted(by: { centers[$0] < centers[$1] }) {
      let level = ends.firstIndex { $0 + 2 * radius <= centers[index] } ?? ends.count
      if level == ends.count { ends.append(0) }
      ends[level] = centers[index]
      levels[index] = level
    }
    return levels
  }

  /// The height of a level, which shrinks where there are many.
  private static func step(of lane: [Int]) -> Double {
    let most = Double(lane.max() ?? 0)
    return most <= 8 ? 2 * radius : 8 * 2 * radius / most
  }
}

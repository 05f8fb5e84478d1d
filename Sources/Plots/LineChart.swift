/// Lines over a common axis, on which one value is marked as chosen.
public struct LineChart: Sendable {
  public struct Series: Sendable {
    public var name: String
    public var tone: Tone
    public var points: [(x: Double, y: Double)]

    public init(name: String, tone: Tone, points: [(x: Double, y: Double)]) {
      self.name = name
      self.tone = tone
      self.points = points
    }
  }

  public var title: String
  public var series: [Series]
  public var horizontal: String
  public var vertical: String
  public var kind: Scale.Kind
  public var chosen: Double?
  /// Whether the values are counts, so that the vertical axis has ticks at whole numbers only.
  public var countsPoints: Bool

  public init(
    title: String, series: [Series], horizontal: String, vertical: String, kind: Scale.Kind = .linear,
    chosen: Double? = nil, countsPoints: Bool = false
  ) {
    self.title = title
    self.series = series
    self.horizontal = horizontal
    self.vertical = vertical
    self.kind = kind
    self.chosen = chosen
    self.countsPoints = countsPoints
  }

  private var description: String {
    let facts = series.compactMap { line -> String? in
      guard let first = line.points.first, let last = line.points.last,
        let most = line.points.max(by: { $0.y < $1.y })
      else { return nil }
      let at = chosen.flatMap { chosen in line.points.first { $0.x == chosen } }
      return "\(line.name): \(label(first.y)) at \(label(first.x)), highest \(label(most.y)) at \(label(most.x)), "
        + "\(label(last.y)) at \(label(last.x))" + (at.map { "; \(label($0.y)) at the chosen \(label($0.x))" } ?? "")
    }
    return alternative(title, facts)
  }

  public var markup: Markup {
    let names = series.map { Labels.width($0.name, size: Plot.fontSize, isBold: true) }.max() ?? 0
    let plot = Plot(height: 230, left: 46, right: names + 16, top: 20, title: description)
    let xs = series.flatMap { $0.points.map(\.x) } + (chosen.map { [$0] } ?? [])
    let ys = series.flatMap { $0.points.map(\.y) }
    guard let low = xs.min(), let high = xs.max(), let most = ys.max() else { return plot.svg([]) }
    let x = Scale(low...high, from: plot.left, to: plot.innerRight, kind: kind)
    let y = Scale(min(0, ys.min() ?? 0)...max(1, most), from: plot.innerBottom, to: plot.top)
    var content =
      plot.verticalAxis(y, name: vertical, ticks: y.ticks(5).filter { !countsPoints || $0 == $0.rounded() })
      + plot.horizontalAxis(x, name: horizontal)
    if let chosen {
      content.append(Plot.line(x(chosen), plot.top, x(chosen), plot.innerBottom, role: "chosen-line"))
      let text = "chosen \(label(chosen))"
      let half = Labels.width(text, size: Plot.fontSize) / 2
      let center = min(max(x(chosen), plot.left + half), Plot.width - half - 2)
      content.append(Plot.text(text, center, 12, role: "tick strong"))
    }
    let ends = Labels.spread(
      series.map { y($0.points.last?.y ?? 0) }, height: 14, in: plot.top...plot.innerBottom)
    for (line, end) in zip(series, ends) {
      let points = line.points.map { (x($0.x), y($0.y)) }
      content.append(Plot.path(points, role: "line \(line.tone.rawValue)"))
      for (point, value) in zip(points, line.points) {
        content.append(
          Plot.mark(
            line.tone, point.0, point.1, size: 3, isHollow: false,
            note: "\(line.name): \(label(value.y)) at \(label(value.x))"))
      }
      content.append(
        Plot.text(line.name, plot.innerRight + 8, end + 4, anchor: "start", role: "tick \(line.tone.rawValue)"))
    }
    return plot.svg(content)
  }
}

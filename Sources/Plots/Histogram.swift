/// The counts of values in equal parts of their range; the bars of several groups are stacked.
public struct Histogram: Sendable {
  public typealias Group = (name: String, tone: Tone, values: [Double])

  public var title: String
  public var groups: [Group]
  public var horizontal: String
  public var vertical: String
  /// Whether the values are whole numbers, each of which gets a bar of its own.
  public var isWhole: Bool

  public init(
    title: String, groups: [Group], horizontal: String, vertical: String,
    isWhole: Bool = false
  ) {
    self.title = title
    self.groups = groups
    self.horizontal = horizontal
    self.vertical = vertical
    self.isWhole = isWhole
  }

  public var markup: Markup {
    let plot = Plot(height: 190, left: 46, top: 24, title: description)
    guard let bins = Bins(groups.map(\.values), isWhole: isWhole) else { return plot.svg([]) }
    let x = Scale(bins.low...bins.high, from: plot.left, to: plot.innerRight)
    let y = Scale(0...Double(bins.highest), from: plot.innerBottom, to: plot.top)
    let wholeTicks = { (scale: Scale, count: Int) in scale.ticks(count).filter { $0 == $0.rounded() } }
    var content = plot.verticalAxis(y, name: vertical, ticks: wholeTicks(y, 5))
    content += plot.horizontalAxis(x, name: horizontal, ticks: isWhole ? wholeTicks(x, 10) : nil)
    for bin in 0..<bins.count {
      var base = 0
      for (group, counts) in zip(groups, bins.counts) where counts[bin] > 0 {
        content.append(bar(group, bins, bin, count: counts[bin], above: base, x, y))
        base += counts[bin]
      }
    }
    return plot.svg(content + legend(plot))
  }

  private var description: String {
    alternative(title, groups.map { "\($0.name): \(summary(of: $0.values))" })
  }

  private func bar(
    _ group: Group, _ bins: Bins, _ bin: Int, count: Int, above base: Int,
    _ x: Scale, _ y: Scale
  ) -> Markup {
    let (start, end) = (bins.edge(bin), bins.edge(bin + 1))
    let values = isWhole ? "at \(label(start + 0.5))" : "from \(label(start)) to \(label(end))"
    return tag(
      "rect",
      [
        "class": "bar \(group.tone.rawValue)", "x": coordinate(x(start) + 0.5),
        "y": coordinate(y(Double(base + count))), "width": coordinate(max(0.5, x(end) - x(start) - 1)),
        "height": coordinate(y(Double(base)) - y(Double(base + count))),
      ], [tag("title", [:], [.text("\(group.name): \(count) \(values)")])])
  }

  private func legend(_ plot: Plot) -> [Markup] {
    guard groups.count > 1 else { return [] }
    var x = plot.left
    return groups.flatMap { group -> [Markup] in
      defer { x += 26 + Labels.width(group.name, size: Plot.fontSize) }
      return [
        tag(
          "rect", ["class": "bar \(group.tone.rawValue)", "x": coordinate(x), "y": "4", "width": "10", "height": "10"]),
        Plot.text(group.name, x + 14, 13, anchor: "start"),
      ]
    }
  }
}

/// Equal parts of the range of some values, and how many of each group fall into each part.
private struct Bins {
  let low: Double
  let high: Double
  let count: Int
  /// By group, then by bin.
  let counts: [[Int]]

  /// Fails where no value is finite.
  init?(_ groups: [[Double]], isWhole: Bool) {
    let groups = groups.map { $0.filter(\.isFinite) }
    guard let least = groups.joined().min(), let most = groups.joined().max() else { return nil }
    let (low, high) = isWhole || most == least ? (least - 0.5, most + 0.5) : (least, most)
    let count = isWhole ? max(1, min(400, Int(high - low))) : 24
    counts = groups.map { values in
      values.reduce(into: [Int](repeating: 0, count: count)) {
        $0[min(count - 1, Int(($1 - low) / (high - low) * Double(count)))] += 1
      }
    }
    (self.low, self.high, self.count) = (low, high, count)
  }

  /// The height of the highest bar, at least 1.
  var highest: Int { max(1, (0..<count).map { bin in counts.reduce(0) { $0 + $1[bin] } }.max() ?? 1) }

  func edge(_ index: Int) -> Double { low + (high - low) * Double(index) / Double(count) }
}

/// Values from 0 to 1 as colored cells in named rows and numbered columns.
public struct HeatMap: Sendable {
  public struct Cell: Sendable {
    public var value: Double
    /// A text shown when the pointer rests on the cell.
    public var note: String

    public init(value: Double, note: String) {
      self.value = value
      self.note = note
    }
  }

  public var title: String
  public var rowNames: [String]
  /// The cells by row and column; nil is left blank.
  public var cells: [[Cell?]]
  /// The cell that is framed.
  public var marked: (row: Int, column: Int)?
  public var columnsName: String
  public var valueName: String

  public init(
    title: String, rowNames: [String], cells: [[Cell?]], marked: (row: Int, column: Int)?, columnsName: String,
    valueName: String
  ) {
    self.title = title
    self.rowNames = rowNames
    self.cells = cells
    self.marked = marked
    self.columnsName = columnsName
    self.valueName = valueName
  }

  public var markup: Markup {
    let names = rowNames.map { Labels.fitted($0, size: Plot.fontSize, width: 96) }
    let left = 14 + (names.map { Labels.width($0, size: Plot.fontSize) }.max() ?? 0)
    let top = 24.0
    let plot = Plot(
      height: top + rowHeight * Double(cells.count) + 36, left: left, right: 10, top: top, bottom: 36,
      title: description)
    let columns = cells.map(\.count).max() ?? 0
    let width = (plot.innerRight - left) / Double(max(1, columns))
    var content = legend(plot)
    for (row, line) in cells.enumerated() {
      let y = top + rowHeight * Double(row)
      if rowHeight > 10 || row.isMultiple(of: 2) {
        content.append(Plot.text(names[row], left - 5, y + rowHeight / 2 + 4, anchor: "end", role: "tick word"))
      }
      for case (let column, let cell?) in line.enumerated() {
        content.append(drawing(cell, x: left + width * Double(column), y: y, width: width))
      }
    }
    content += frame(plot, width: width)
    let scale = Scale(-0.5...(Double(columns) - 0.5), from: left, to: plot.innerRight)
    return plot.svg(
      content
        + plot.horizontalAxis(
          scale, name: columnsName, ticks: scale.ticks(10).filter { $0 == $0.rounded() && $0 >= 0 }))
  }

  private var description: String {
    var known: [(row: Int, column: Int, value: Double)] = []
    for (row, line) in cells.enumerated() {
      for case (let column, let cell?) in line.enumerated() { known.append((row, column, cell.value)) }
    }
    func place(_ row: Int, _ column: Int) -> String { "row \(rowNames[row]), \(columnsName) \(column)" }
    var facts: [String] = []
    if let most = known.max(by: { $0.value < $1.value }) {
      facts.append("Highest \(label(most.value)) in \(place(most.row, most.column))")
    }
    if let marked, let cell = known.first(where: { $0.row == marked.row && $0.column == marked.column }) {
      facts.append("\(label(cell.value)) in the framed cell, \(place(marked.row, marked.column))")
    }
    return alternative(title, facts)
  }

  private var rowHeight: Double { cells.count > 40 ? 9 : 16 }

  /// Cells overlap a little, so that no gap shows between them.
  private func drawing(_ cell: Cell, x: Double, y: Double, width: Double) -> Markup {
    tag(
      "rect",
      [
        "x": coordinate(x), "y": coordinate(y), "width": coordinate(width + 0.2),
        "height": coordinate(rowHeight + 0.2), "fill": ColorMap.color(cell.value),
      ], [tag("title", [:], [.text(cell.note)])])
  }

  /// A frame around the marked cell, a wider one in the ground's color below it.
  private func frame(_ plot: Plot, width: Double) -> [Markup] {
    guard let marked else { return [] }
    return ["halo", "chosen"].map { role in
      tag(
        "rect",
        [
          "class": role, "x": coordinate(plot.left + width * Double(marked.column) - 0.5),
          "y": coordinate(plot.top + rowHeight * Double(marked.row) - 0.5), "width": coordinate(width + 1),
          "height": coordinate(rowHeight + 1),
        ])
    }
  }

  /// The colors from 0 to 1, drawn above the cells.
  private func legend(_ plot: Plot) -> [Markup] {
    let (steps, width, height) = (40, 110.0, 9.0)
    let start = plot.innerRight - width - 12
    let bars = (0..<steps).map { i in
      tag(
        "rect",
        [
          "x": coordinate(start + width * Double(i) / Double(steps)), "y": "5",
          "width": coordinate(width / Double(steps) + 0.3), "height": coordinate(height),
          "fill": ColorMap.color(Double(i) / Double(steps - 1)),
        ])
    }
    return bars + [
      Plot.text("\(valueName)  0", start - 5, 13, anchor: "end"), Plot.text("1", plot.innerRight, 13, anchor: "end"),
    ]
  }
}

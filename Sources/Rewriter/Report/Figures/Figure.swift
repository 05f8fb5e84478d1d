import Plots

/// One figure: a chart between its heading and its caption, and the numbers that it shows.
struct Figure {
  /// The figures' words in file names.
  enum Name: String, CaseIterable {
    case mapAttn = "map-attn"
    case mapMLP = "map-mlp"
    case boundaries, region, seen, here, asked
    case similarity, probability, boundary, delta, layer
  }

  let name: Name
  let heading: String
  let drawing: Markup
  let caption: String
  let data: DataTable

  /// - Parameter level: of the heading, from 1.
  func markup(level: Int) -> Markup {
    tag(
      "figure", [:],
      [tag("h\(level)", [:], [.text(heading)]), drawing]
        + (caption.isEmpty ? [] : [tag("figcaption", [:], [.text(caption)])]))
  }
}

/// Figures beside each other, as many as the page has room for.
func figureGrid(_ figures: [Figure], level: Int) -> Markup {
  tag("div", ["class": "figures"], figures.map { $0.markup(level: level) })
}

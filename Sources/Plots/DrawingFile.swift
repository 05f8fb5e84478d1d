extension Markup {
  /// A chart as the text of an SVG file that needs no style sheet: on white ground, with the looks of each element as its
  /// attributes.
  ///
  /// - Parameters:
  ///   - title: what the chart is, for viewers that show it and for screen readers.
  ///   - caption: what it shows.
  public func drawingFile(title: String, caption: String) -> String {
    guard case .element("svg", let attributes, let content) = self else { return text }
    let size = (attributes.first { $0.0 == "viewBox" }?.1 ?? "").split(separator: " ").suffix(2).map(String.init)
    let (width, height) = (size.first ?? "0", size.last ?? "0")
    let root = Markup.element(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(width) \(height)"), ("width", width),
        ("height", height), ("font-family", "sans-serif"), ("font-size", coordinate(Plot.fontSize)),
      ],
      [
        tag("title", [:], [.text(title)]), tag("desc", [:], [.text(caption)]),
        tag("rect", ["width": width, "height": height, "fill": ChartColor.ground.light]),
      ] + content.map(\.withOwnLooks))
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.text + "\n"
  }

  /// The element and all within it with attributes instead of classes.
  private var withOwnLooks: Markup {
    guard case .element(let name, let attributes, let content) = self else { return self }
    let roles = attributes.first { $0.0 == "class" }?.1 ?? ""
    return .element(
      name, attributes.filter { $0.0 != "class" } + ChartStyle.attributes(of: name, roles: roles),
      content.map(\.withOwnLooks))
  }
}

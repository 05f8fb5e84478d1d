import Plots

/// A drawing between its heading and its caption.
func figure(_ heading: String, _ drawing: Markup, _ caption: String) -> Markup {
  tag(
    "figure", [:],
    [tag("h4", [:], [.text(heading)]), drawing, tag("figcaption", [:], [.text(caption)])])
}

/// Figures beside each other, as many as the page has room for.
func figureGrid(_ content: [Markup]) -> Markup { tag("div", ["class": "figures"], content) }

/// A paragraph in small print.
func note(_ text: String) -> Markup { tag("p", ["class": "soft small"], [.text(text)]) }

/// Numbers in large print, each above what it means.
func numberTiles(_ values: [(value: String, meaning: String)]) -> Markup {
  tag(
    "div", ["class": "numbers"],
    values.map { tag("div", [:], [tag("b", [:], [.text($0.value)]), tag("span", [:], [.text($0.meaning)])]) })
}

/// A table that scrolls sideways where the page is narrower.
func table(_ attributes: KeyValuePairs<String, String> = [:], heads: [Markup], rows: [Markup]) -> Markup {
  tag(
    "div", ["class": "scroll"],
    [
      tag("table", attributes, [tag("thead", [:], [tag("tr", [:], heads)]), tag("tbody", [:], rows)])
    ])
}

/// The head of a column; numbers stand at the right.
func columnHead(isNumber: Bool, _ content: Markup) -> Markup {
  tag("th", ["class": isNumber ? "number" : ""], [content])
}

/// A probability for people: 0.93, 4e-7.
func probability(_ logprob: Float) -> String {
  let value = exponential(logprob)
  return value > 0.9995 && value < 1 ? "0.999+" : label(value)
}

func number(_ value: Float) -> String { label(Double(value)) }

import Plots

/// A paragraph in small print.
func note(_ text: String) -> Markup { tag("p", ["class": "soft small"], [.text(text)]) }

/// Numbers in large print, each above what it means.
func numberTiles(_ values: [(value: String, meaning: String)]) -> Markup {
  tag(
    "div", ["class": "numbers"],
    values.map { tag("div", [:], [tag("b", [:], [.text($0.value)]), " ", tag("span", [:], [.text($0.meaning)])]) })
}

/// A table that scrolls where the page is narrower, also by keys.
///
/// - Parameters:
///   - name: what screen readers call the table.
///   - role: the table's class.
///   - isBoxed: whether a long table scrolls in a box of its own, its heads in sight.
func table(
  _ name: String, _ role: String = "", heads: [Markup], rows: [Markup], isBoxed: Bool = false
) -> Markup {
  let table = tag(
    "table", ["class": role, "aria-label": name],
    [tag("thead", [:], [tag("tr", [:], heads)]), tag("tbody", [:], rows)])
  return tag(
    "div",
    ["class": isBoxed ? "scroll boxed" : "scroll", "tabindex": "0", "role": "group", "aria-label": name], [table])
}

/// The head of a column; numbers stand at the right.
func columnHead(isNumber: Bool, _ content: Markup) -> Markup {
  .element("th", [("scope", "col")] + (isNumber ? [("class", "number")] : []), [content])
}

/// A list whose items beyond the first few stand behind a fold, and those beyond many are only counted.
func foldedList<Item>(_ items: [Item], _ content: (Item) -> [Markup]) -> [Markup] {
  let (open, limit) = (20, 500)
  func list(_ items: ArraySlice<Item>) -> Markup { tag("ul", [:], items.map { tag("li", [:], content($0)) }) }
  let (first, rest) = (items.prefix(open), items.prefix(limit).dropFirst(open))
  guard !rest.isEmpty else { return [list(first)] }
  let left = items.count - first.count - rest.count
  return [
    list(first),
    tag(
      "details", [:],
      [tag("summary", [:], ["\(items.count - first.count) more"]), list(rest)]
        + (left > 0 ? [note("\(left) more are not shown; --json tells all.")] : [])),
  ]
}

/// A probability for people: 0.93, 4e-7.
func probability(_ logprob: Float) -> String {
  let value = exponential(logprob)
  return value > 0.9995 && value < 1 ? "0.999+" : label(value)
}

func number(_ value: Float) -> String { label(Double(value)) }

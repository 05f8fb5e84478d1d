import Format
import Foundation
import Plots
import Runtime

/// The report as one page that needs nothing beside it: what was asked, what came out, and why, in pictures.
public struct HTMLReport {
  let result: RewriteResult
  /// What was patched, for the title.
  let base: String
  /// The command of its time.
  let version: String

  public init(_ result: RewriteResult, base: String, version: String) {
    self.result = result
    self.base = (base as NSString).lastPathComponent
    self.version = version
  }

  public var text: String {
    let title = "\(Self.counted(result.compiled.count, "memory", "memories")) in \(base.printable())"
    let overview = result.compiled.count > 1 ? Overview(result: result).markup : []
    let sections = result.figures.map { MemorySection(result: result, figures: $0).markup }
    let page = tag(
      "html", ["lang": "en"],
      [
        tag(
          "head", [:],
          [
            tag("meta", ["charset": "utf-8"]),
            tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            tag("title", [:], [.text(title)]), tag("style", [:], [.verbatim(StyleSheet.css)]),
          ]),
        tag(
          "body", [:],
          [tag("header", [:], header(title))] + overview + sections
            + [glossary, timings, tag("script", [:], [.verbatim(StyleSheet.script)])]),
      ])
    return "<!DOCTYPE html>\n" + page.text + "\n"
  }

  private func header(_ title: String) -> [Markup] {
    let prompts = result.results.flatMap(\.prompts)
    let silent = prompts.filter { !$0.fired }
    func share(_ positive: Bool, _ heldOut: Bool) -> (holding: Int, of: Int) {
      let counts = result.results.map { $0.count(positive: positive, heldOut: heldOut) }
      return (counts.reduce(0) { $0 + $1.holding }, counts.reduce(0) { $0 + $1.of })
    }
    var numbers: [(String, String)] = [
      (
        "\(result.results.count(where: \.keyHolds)) of \(result.compiled.count)",
        "memories give their target on their own prompt"
      )
    ]
    for (positive, heldOut, meaning) in [
      (true, false, "positives go on with the target"), (false, false, "negatives go on as the base model does"),
      (true, true, "held-out positives go on with the target, though never fitted"),
      (false, true, "held-out negatives go on as the base model does"),
    ] {
      let (holding, count) = share(positive, heldOut)
      if count > 0 { numbers.append(("\(holding) of \(count)", meaning)) }
    }
    numbers.append(
      (
        "\(silent.count(where: \.isIdentical)) of \(silent.count)",
        "prompts where no memory fires have the base model's logits to the bit"
      ))
    numbers.append(
      ("\(result.link.crossings.count)", "times a memory acts on the prompt of another"))
    return [
      tag("h1", [:], [.text(title)]),
      tag(
        "p", ["class": "soft"],
        ["Made by rewrite \(version). What each number means stands beside it or under "]
          + [tag("a", ["href": "#words"], ["Words"]), "."]),
      tag(
        "div", ["class": "numbers"],
        numbers.map { tag("div", [:], [tag("b", [:], [.text($0.0)]), tag("span", [:], [.text($0.1)])]) }),
    ]
  }

  private var timings: Markup {
    let rows = Pass.allCases.compactMap { pass in
      result.costs[pass].map { (pass.rawValue, $0.duration / .seconds(1)) }
    }
    return tag(
      "section", [:],
      [
        tag("h2", [:], ["Where the time went"]),
        tag("p", ["class": "soft small"], ["Seconds of each pass, all memories together."]),
        tag(
          "div", ["class": "numbers"],
          rows.map { name, seconds in
            tag("div", [:], [tag("b", [:], ["\(label(seconds)) s"]), tag("span", [:], [.text(name)])])
          }),
      ])
  }

  private var glossary: Markup {
    let words: [(String, String)] = [
      ("Memory", "A key, a delta and a region at one place of the model. The base model's weights stay as they are."),
      (
        "Site",
        "Where a memory reads and adds: attn is the input of a layer's attention output projection, mlp that of "
          + "its feed-forward output projection."
      ),
      (
        "Similarity",
        "(a · k) / ‖k‖²: how far the activation a at a token goes along the key k. 1 is the key's own prompt, or "
          + "what the key was fitted to call its own; 0 has nothing of it. x is 1 − similarity."
      ),
      (
        "Strength f",
        "exp(−(x² / b²)^h): the share of the delta that is added. The boundary b says how far the region "
          + "reaches, the hardness h how sharp its edge is. Below one in a million it counts as 0 and nothing is touched."
      ),
      ("Delta", "What is added to the activation, found by steps down the gradient of −log p(target)."),
      ("alpha", "The size of the delta in units of the gradient that it follows."),
      (
        "Positive, negative",
        "A prompt that should go on with the target; one that should go on as before. The key prompt is the "
          + "memory's own."
      ),
      (
        "Held out",
        "A prompt that was scored and never fitted: it tells how the memory does on words it was not made with."
      ),
      ("Fires", "A memory fires at a token where its strength is not 0."),
      ("p(target)", "The probability of the target's first token behind the prompt."),
      (
        "Other text",
        "Text that the base model wrote itself, or the given background, and sentences about other things: no "
          + "memory should fire there."
      ),
    ]
    return tag(
      "section", ["id": "words"],
      [
        tag("h2", [:], ["Words"]),
        tag(
          "dl", [:], words.flatMap { [tag("dt", [:], [.text($0.0)]), tag("dd", [:], [.text($0.1)])] }),
      ])
  }

  static func counted(_ count: Int, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }
}

/// A figure: its heading, the drawing, and what it shows.
func figure(_ heading: String, _ drawing: Markup, _ caption: String) -> Markup {
  tag(
    "figure", [:],
    [tag("h4", [:], [.text(heading)]), drawing, tag("figcaption", [:], [.text(caption)])])
}

/// A probability for people: 0.93, 4e-7.
func probability(_ logprob: Float) -> String {
  let value = exponential(logprob)
  return value > 0.9995 && value < 1 ? "0.999+" : label(value)
}

func number(_ value: Float) -> String { label(Double(value)) }

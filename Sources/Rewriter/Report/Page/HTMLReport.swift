import Format
import Foundation
import Plots
import Runtime

/// The report as a page that loads nothing: what was asked, what came out, and why, in pictures.
public struct HTMLReport {
  let result: RewriteResult
  /// The file name of the patched checkpoint.
  let base: String
  /// The version of the tool.
  let version: String

  public init(_ result: RewriteResult, base: String, version: String) {
    self.result = result
    self.base = SplitPath(base).name
    self.version = version
  }

  public var text: String {
    let title = "\(Self.counted(result.compiled.count, "memory", "memories")) in \(base.printable())"
    let overview = result.compiled.count > 1 ? Overview(result: result) : nil
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
          [tag("header", [:], header(title) + (overview.map { [navigation($0)] } ?? []))] + [
            tag("main", [:], (overview?.markup ?? []) + memories + [words]), tag("footer", [:], timings),
            tag("script", [:], [.verbatim(PageScript.text)]),
          ]),
      ])
    return "<!DOCTYPE html>\n" + page.text + "\n"
  }

  /// The most memories that are open from the start.
  private static let openLimit = 3

  /// The memories that are shown closely, each behind a fold where there are several.
  private var memories: [Markup] {
    let isOpen = result.compiled.count > 1 ? result.figures.count <= Self.openLimit : nil
    return result.figures.map { MemorySection(result: result, figures: $0).markup(isOpen: isOpen) }
  }

  private var words: Markup {
    Glossary.markup(withCues: result.compiled.contains { $0.rows.contains { !$0.cues.isEmpty } })
  }

  private func navigation(_ overview: Overview) -> Markup {
    let first = result.figures.first.map { [(id: "memory-\($0.index)", heading: "Memories closely")] } ?? []
    let links = overview.contents + first + [(id: "words", heading: "Words")]
    return tag(
      "nav", ["aria-label": "On this page"], links.map { tag("a", ["href": "#\($0.id)"], [.text($0.heading)]) })
  }

  private func header(_ title: String) -> [Markup] {
    [
      tag("h1", [:], [.text(title)]),
      tag(
        "p", ["class": "soft"],
        ["Made by rewrite \(version). Each number is explained beside it or under "]
          + [tag("a", ["href": "#words"], ["Words"]), "."]),
      numberTiles(totals),
    ] + leftOut + contradictions + warnings
  }

  private var leftOut: [Markup] {
    guard !result.failures.isEmpty else { return [] }
    return [note("Memories that could not be compiled and were left out:")]
      + foldedList(result.failures) { [.text($0.problem.printable())] }
  }

  private var warnings: [Markup] {
    guard !result.warnings.isEmpty else { return [] }
    return [note("Said of the base and of the spec:")] + foldedList(result.warnings) { [.text($0.printable())] }
  }

  private var contradictions: [Markup] {
    guard !result.contradictions.isEmpty else { return [] }
    return [note("Memories that give one question two answers: only one of the two can be told.")]
      + foldedList(result.contradictions) {
        [
          tag("b", [:], [.text($0.memory.printable())]), " and ", tag("b", [:], [.text($0.other.printable())]),
          .text(
            ": behind “\($0.prompt.printable())”, a prompt of the former, "
              + ($0.isSaid
                ? "the model says “\($0.target.printable())”, the target of the latter"
                : "the latter acts too, whose target is “\($0.target.printable())”")),
        ]
      }
  }

  private var totals: [(value: String, meaning: String)] {
    var totals = [
      (
        value: "\(result.results.count(where: \.keyHolds)) of \(result.compiled.count)",
        meaning: "memories give their target on their key prompt"
      )
    ]
    for (positive, heldOut, meaning) in [
      (true, false, "positives go on with the target"), (false, false, "negatives go on as the base model does"),
      (true, true, "held-out positives go on with the target, though never fitted"),
      (false, true, "held-out negatives go on as the base model does"),
    ] {
      let (holding, count) = result.count(positive: positive, heldOut: heldOut)
      if count > 0 { totals.append(("\(holding) of \(count)", meaning)) }
    }
    let silent = result.silentPrompts
    totals.append(
      (
        "\(silent.count(where: \.isIdentical)) of \(silent.count)",
        "prompts where no memory fires have the base model's logits to the bit"
      ))
    totals.append(("\(result.link.crossings.count)", "times a memory acts on another's key prompt"))
    return totals
  }

  private var timings: [Markup] {
    let times = Stage.allCases.compactMap { pass in
      result.costs[pass].map { (value: "\(label($0.duration / .seconds(1))) s", meaning: pass.rawValue) }
    }
    return [
      tag("h2", [:], ["Where the time went"]), note("Seconds per stage, all memories together."), numberTiles(times),
    ]
  }

  static func counted(_ count: Int, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }
}

import Format
import Synchronization
import Testing

@testable import CommandLineTools

@Suite struct ProgressLineTests {
  private final class Terminal: Sendable {
    let text = Mutex("")
  }

  private func console(_ terminal: Terminal, isTerminal: Bool = true, name: String = "xterm") -> Console {
    Console(
      output: { _ in true }, errors: { text in terminal.text.withLock { $0 += text } }, errorIsTerminal: isTerminal,
      environment: ["TERM": name])
  }

  @Test(arguments: [
    (StepProgress("linking"), 5, 80, "x: linking"),
    (StepProgress("writing", 0, of: 2000), 0, 80, "x: writing ░░░░░░░░░░░░░░░░░░░░░░░░ 0 %  0 B of 2.0 kB"),
    (
      StepProgress("writing", 500, of: 2000), 1, 80,
      "x: writing ██████░░░░░░░░░░░░░░░░░░ 25 %  500 B of 2.0 kB  500 B/s  0:03 left"
    ),
    (
      StepProgress("writing", 500, of: 2000), 1, 64,
      "x: writing ██████░░░░░░░░░░░░░░░░░░ 25 %  500 B/s  0:03 left"
    ),
    (StepProgress("writing", 500, of: 2000), 1, 40, "x: writing 25 %  0:03 left"),
    (StepProgress("writing", 500, of: 2000), 1, 12, "x: writing …"),
    (
      StepProgress("writing", 2000, of: 2000), 4, 80,
      "x: writing ████████████████████████ 100 %  2.0 kB of 2.0 kB  500 B/s"
    ),
    (
      StepProgress("compiling", 3, of: 6, .memories, detail: "a\u{1B}"), 60, 100,
      "x: compiling a\\u{1b} ████████████░░░░░░░░░░░░ 50 %  3 of 6 memories  3.0 memories/min  1:00 left"
    ),
  ])
  func lines(_ progress: StepProgress, _ seconds: Int, _ columns: Int, _ expected: String) {
    #expect(ProgressLine.text(progress, after: .seconds(seconds), columns: columns, "x") == expected)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"), (999_499, "999 kB"),
    (999_500, "1.0 MB"), (20_000_000_000, "20 GB"), (Int.max, "9223372 TB"),
  ])
  func sizes(_ bytes: Int, _ expected: String) { #expect(ProgressLine.size(bytes) == expected) }

  @Test(arguments: [(0.2, "0:01"), (59.9, "1:00"), (3723, "1:02:03"), (1e30, "days"), (.infinity, "days")])
  func clocks(_ seconds: Double, _ expected: String) { #expect(ProgressLine.clock(seconds) == expected) }

  @Test func theLineIsTakenAwayOnce() {
    let terminal = Terminal()
    do {
      let line = ProgressLine("rewrite", on: console(terminal), quiet: false, delay: .zero)
      line.tell(StepProgress("writing", 1, of: 2))
      line.draw()
      line.end()
    }
    let shown = terminal.text.withLock { $0.split(separator: ProgressLine.clear, omittingEmptySubsequences: false) }
    #expect(shown.count >= 3 && shown.first == "" && shown.last == "", "\(shown)")
    #expect(shown.dropFirst().dropLast().allSatisfy { $0.hasPrefix("rewrite: writing █") })
  }

  @Test func nothingIsToldElsewhere() {
    for (isTerminal, quiet, name, delay) in [
      (false, false, "xterm", Duration.zero), (true, true, "xterm", .zero), (true, false, "dumb", .zero),
      (true, false, "xterm", .seconds(60)),
    ] {
      let terminal = Terminal()
      let line = ProgressLine(
        "x", on: console(terminal, isTerminal: isTerminal, name: name), quiet: quiet, delay: delay)
      line.tell(StepProgress("writing", 1, of: 2))
      line.draw()
      line.end()
      let text = terminal.text.withLock { $0 }
      #expect(text.isEmpty)
    }
  }
}

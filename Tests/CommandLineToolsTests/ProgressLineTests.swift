import Testing

@testable import CommandLineTools

@Suite struct ProgressLineTests {
  private final class Terminal {
    var text = ""
  }

  private func console(_ terminal: Terminal, isTerminal: Bool = true) -> Console {
    Console(output: { _ in true }, errors: { terminal.text += $0 }, errorIsTerminal: isTerminal)
  }

  @Test(arguments: [
    (0, 0, "writing ░░░░░░░░░░░░░░░░░░░░░░░░ 0 B of 2.0 kB"),
    (500, 1, "writing ██████░░░░░░░░░░░░░░░░░░ 500 B of 2.0 kB, 500 B/s"),
    (2000, 4, "writing ████████████████████████ 2.0 kB of 2.0 kB, 500 B/s"),
  ])
  func bars(_ written: Int, _ seconds: Int, _ expected: String) {
    #expect(ProgressLine.bar(written: written, of: 2000, after: .seconds(seconds)) == expected)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"), (999_499, "999 kB"),
    (999_500, "1.0 MB"), (20_000_000_000, "20 GB"), (Int.max, "9223372 TB"),
  ])
  func sizes(_ bytes: Int, _ expected: String) { #expect(ProgressLine.size(bytes) == expected) }

  @Test func theLineIsTakenAwayOnce() {
    let terminal = Terminal()
    do {
      let line = ProgressLine("rewrite", on: console(terminal), quiet: false)
      line.tell("a\u{1B}b")
      line.tell(written: 1, of: 2)
      // Too soon to be shown, and the end, which always is.
      line.tell(written: 1, of: 2)
      line.tell(written: 2, of: 2)
      line.end()
    }
    let shown = terminal.text.split(separator: "\r\u{1B}[K", omittingEmptySubsequences: false)
    #expect(shown.count == 5 && shown[0].isEmpty && shown[4].isEmpty, "\(shown)")
    #expect(shown[1].hasPrefix("rewrite: a") && !shown[1].contains("\u{1B}"))
    #expect(shown[2].contains("1 B of 2 B") && shown[3].contains("2 B of 2 B"))
  }

  @Test func nothingIsToldElsewhere() {
    for (isTerminal, quiet) in [(false, false), (true, true)] {
      let terminal = Terminal()
      let line = ProgressLine("rewrite", on: console(terminal, isTerminal: isTerminal), quiet: quiet)
      line.tell("a")
      line.tell(written: 1, of: 2)
      line.end()
      #expect(terminal.text.isEmpty)
    }
  }
}

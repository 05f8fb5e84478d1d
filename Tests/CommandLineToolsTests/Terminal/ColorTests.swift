import Testing

@testable import CommandLineTools
@testable import Format

@Suite struct ColorTests {
  private func paints(_ choice: ColorChoice, terminal: Bool = true, _ environment: [String: String]) -> Bool {
    Console(
      output: { _ throws(FormatError) in true }, errors: { _ in }, outputIsTerminal: terminal, columns: 80,
      environment: environment
    ).paint(choice).isOn
  }

  @Test func onlyATerminalThatCanIsColored() {
    #expect(paints(.auto, ["TERM": "xterm"]) && paints(.auto, ["TERM": "xterm", "NO_COLOR": ""]))
    #expect(!paints(.auto, terminal: false, ["TERM": "xterm"]))
    #expect(
      !paints(.auto, ["TERM": "xterm", "NO_COLOR": "1"]) && !paints(.auto, ["TERM": "dumb"]) && !paints(.auto, [:]))
  }

  @Test func theCommandLineStandsAboveTheEnvironment() {
    #expect(paints(.always, terminal: false, ["NO_COLOR": "1"]) && !paints(.never, ["TERM": "xterm"]))
  }

  @Test func signAndNameAreColoredAndNothingElse() {
    let diff = TableDiff(old: [memory("a")], new: [memory("a", boundary: 0.3333), memory("東京", key: 2)])
    let text = DiffText(columns: 0, paint: Paint(isOn: true)).text(diff)
    #expect(
      text.split(separator: "\n").map(String.init) == [
        "\u{1B}[33m~ a   \u{1B}[0m  boundary 0.25 → 0.3333: reaches 33 % further",
        "\u{1B}[32m+ 東京\u{1B}[0m  \"The capital city of Nepal is located in\" → \" Kathmandu\"  "
          + "transformer.h.1.attn.c_proj", diff.summary,
      ])
  }

  /// Lines fit the terminal, and go on below where they began.
  @Test func linesAreBrokenToTheTerminal() {
    let text = DiffText(columns: 50, paint: Paint(isOn: false)).text(TableDiff(old: [], new: [memory("東京")]))
    let lines = text.split(separator: "\n").dropLast()
    #expect(lines.count > 2 && lines.allSatisfy { $0.columns <= 50 })
    #expect(
      lines.first?.hasPrefix("+ 東京  \"The capital") == true && lines.dropFirst().allSatisfy { $0.hasPrefix("        ") }
    )
  }
}

import Testing

@testable import CommandLineTools

@Suite struct OptionParserTests {
  private let table = CommandTable(
    name: "tool", summary: "A tool.", forms: ["IN [OUT]"],
    operands: [CommandOperand("IN", help: "in"), CommandOperand("OUT", isRequired: false, help: "out")],
    options: [
      CommandOption("output", letter: "o", value: "FILE", help: "output"),
      CommandOption("count", value: "N", help: "count"), CommandOption("ratio", value: "R", help: "ratio"),
      CommandOption("drop", value: "NAME", isRepeatable: true, help: "drop"),
      CommandOption("quiet", aliases: ["silent"], help: "quiet"),
    ], statuses: [])

  private func message(_ arguments: String...) -> String? {
    do throws(UsageError) {
      _ = try table.parse(arguments)
      return nil
    } catch { return error.message }
  }

  @Test func takesValuesInEveryForm() throws {
    let parsed = try table.parse(["--count", "3", "in", "--ratio=-1", "-o", "x", "--quiet", "out"])
    #expect(parsed.operands == ["in", "out"])
    #expect(parsed.text("count") == "3")
    #expect(parsed.text("ratio") == "-1")
    #expect(parsed.text("output") == "x")
    #expect(parsed.has("quiet") && !parsed.has("drop"))
  }

  @Test func attachedValueMayBeEmptyOrHoldAnything() throws {
    #expect(try table.parse(["in", "--output="]).text("output") == "")
    #expect(try table.parse(["in", "--output=a=b"]).text("output") == "a=b")
    #expect(try table.parse(["in", "--output=--quiet"]).text("output") == "--quiet")
  }

  @Test func anAliasIsTakenAndShownNowhere() throws {
    #expect(try table.parse(["in", "--silent"]) == table.parse(["in", "--quiet"]))
    #expect(message("in", "--silent=yes") == "--quiet takes no value")
    #expect(message("in", "--silen") == "unknown option --silen")
    let texts = [table.helpText, table.manual] + Shell.allCases.map(table.completions)
    #expect(texts.allSatisfy { $0.contains("quiet") && !$0.contains("silent") })
  }

  @Test func repeatedOptionsKeepTheirOrder() throws {
    #expect(try table.parse(["in", "--drop", "b", "--drop=a"]).texts("drop") == ["b", "a"])
  }

  @Test func everythingBehindTwoDashesIsAnOperand() throws {
    #expect(try table.parse(["--", "--quiet", "--"]).operands == ["--quiet", "--"])
  }

  @Test func aDashAloneIsAnOperand() throws {
    #expect(try table.parse(["-"]).operands == ["-"])
  }

  @Test func aNegativeNumberIsAValue() throws {
    #expect(try table.parse(["in", "--count", "-5"]).text("count") == "-5")
  }

  @Test func helpEndsTheParse() throws {
    #expect(try table.parse(["--help", "--nonsense"]).has("help"))
    #expect(try table.parse(["-h"]).has("help"))
    #expect(try table.parse(["--version"]).has("version"))
  }

  @Test func errorsNameTheOption() {
    #expect(message("in", "--cuont", "3") == "unknown option --cuont, the nearest is --count")
    #expect(message("in", "--cuont=3") == "unknown option --cuont, the nearest is --count")
    #expect(message("in", "-quiet") == "unknown option -quiet, the nearest is --quiet")
    #expect(message("in", "--zzzzzz") == "unknown option --zzzzzz")
    #expect(message("in", "-x") == "unknown option -x")
    #expect(message("in", "--count") == "--count needs a value: --count N")
    #expect(message("in", "--count", "--quiet") == "--count needs a value: --count N")
    #expect(message("in", "-o") == "-o needs a value: -o FILE")
    #expect(message("in", "--quiet=yes") == "--quiet takes no value")
    #expect(message("in", "--count=1", "--count=2") == "--count is given twice")
    #expect(message("--quiet") == "IN is missing")
    #expect(message("a", "b", "c") == "unexpected argument \"c\"")
  }

  @Test(arguments: ["", "x", "1.5", "0", "11", "99999999999999999999", "0x3", " 3"])
  func integersOutsideTheirRangeAreErrors(_ text: String) throws {
    let parsed = try table.parse(["in", "--count=\(text)"])
    let error = #expect(throws: UsageError.self) { try parsed.integer("count", in: 1...10) }
    #expect(error?.message == "--count: expected a whole number, 1 to 10, got \"\(text)\"")
  }

  @Test(arguments: ["", "x", "nan", "inf", "-1", "1,5"])
  func numbersOutsideTheirRangeAreErrors(_ text: String) throws {
    let parsed = try table.parse(["in", "--ratio=\(text)"])
    let error = #expect(throws: UsageError.self) {
      try parsed.number("ratio", expected: "a number, 0 or more") { $0 >= 0 }
    }
    #expect(error?.message == "--ratio: expected a number, 0 or more, got \"\(text)\"")
  }

  @Test func openRangesAreToldAsSuch() throws {
    let parsed = try table.parse(["in", "--count=-1"])
    let error = #expect(throws: UsageError.self) { try parsed.integer("count", in: 0...Int.max) }
    #expect(error?.message == "--count: expected a whole number, 0 or more, got \"-1\"")
  }

  @Test func anErrorIsOneLineWhateverTheArgument() {
    let outcome = run(RunCommand.self, "model", "--a\nb\u{1B}[31m")
    #expect(outcome.status == 2)
    #expect(outcome.errors == "run: unknown option --a\\nb\\u{1b}[31m (see run --help)\n")
  }
}

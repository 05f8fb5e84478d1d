import CommandLineTools
import Format

/// The output and the status of a command that ran within the test.
struct Outcome {
  var status: Int32
  var output: String
  var errors: String

  var errorLines: [Substring] { errors.split(separator: "\n") }
}

/// A console that collects output, as files do, or as a terminal of `columns` does.
final class Capture {
  private(set) var output = ""
  private(set) var errors = ""

  func run(
    _ command: any Command.Type, _ arguments: [String], input: [String] = [], columns: Int = 0,
    inputIsTerminal: Bool = false, closedAfter limit: Int = .max
  ) -> Outcome {
    let console = Console(
      input: InputLines(input),
      output: { text throws(FormatError) in
        guard self.output.utf8.count < limit else { return false }
        self.output += text
        return true
      },
      errors: { self.errors += $0 }, inputIsTerminal: inputIsTerminal, outputIsTerminal: columns > 0,
      columns: columns)
    let status = command.execute(arguments, on: console)
    return Outcome(status: status, output: output, errors: errors)
  }
}

extension InputLines {
  /// Lines that are all there.
  convenience init(_ lines: [String]) {
    var rest = lines[...]
    self.init { _ in rest.popFirst().map { .bytes(Array("\($0)\n".utf8)) } ?? .end }
  }
}

func run(_ command: any Command.Type, _ arguments: String..., input: [String] = []) -> Outcome {
  Capture().run(command, arguments, input: input)
}

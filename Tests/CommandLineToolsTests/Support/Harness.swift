import CommandLineTools
import Format

/// What a command wrote and returned when run within the test.
struct Outcome {
  var status: Int32
  var output: String
  var errors: String

  var errorLines: [Substring] { errors.split(separator: "\n") }
}

/// Collects what a command writes, as if to files or, where `columns` is given, to a terminal so wide.
final class Capture {
  private(set) var output = ""
  private(set) var errors = ""

  func run(
    _ command: any Command.Type, _ arguments: [String], input: [String] = [], columns: Int = 0,
    inputIsTerminal: Bool = false, closedAfter limit: Int = .max
  ) -> Outcome {
    var lines = input[...]
    let console = Console(
      readLine: { lines.popFirst() },
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

func run(_ command: any Command.Type, _ arguments: String..., input: [String] = []) -> Outcome {
  Capture().run(command, arguments, input: input)
}

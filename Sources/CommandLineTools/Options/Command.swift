import Format
import Foundation

/// A command: the table of its options, and its work.
public protocol Command {
  static var table: CommandTable { get }
  /// The exit status of a failure; a usage error's is always 2.
  static var failureStatus: Int32 { get }
  /// Does the work.
  ///
  /// - Returns: the exit status.
  static func run(_ arguments: ParsedArguments, on console: Console) throws -> Int32
}

extension Command {
  public static var failureStatus: Int32 { 1 }

  /// Runs the command as the process that it is in.
  ///
  /// - Parameter arguments: those of the process, its own name first.
  /// - Returns: the exit status.
  public static func main(_ arguments: [String]) -> Int32 {
    // A reader that goes away makes a write fail, where the signal would end the process.
    signal(SIGPIPE, SIG_IGN)
    return execute(Array(arguments.dropFirst()), on: .standard())
  }

  /// Parses the arguments and does the work; an error becomes one line on standard error.
  ///
  /// - Returns: the exit status.
  public static func execute(_ arguments: [String], on console: Console) -> Int32 {
    do {
      let parsed = try table.parse(arguments)
      if parsed.has(CommandTable.help.name) {
        try console.write(table.helpText)
        return 0
      }
      if parsed.has(CommandTable.version.name) {
        try console.write("\(table.name) \(toolVersion)\n")
        return 0
      }
      if parsed.has(CommandTable.manual.name) {
        try console.write(table.manual)
        return 0
      }
      if let shell: Shell = try parsed.choice(CommandTable.completions.name) {
        try console.write(table.completions(for: shell))
        return 0
      }
      return try run(parsed, on: console)
    } catch let error as UsageError {
      console.writeError("\(table.name): \(error) (see \(table.name) --help)\n")
      return 2
    } catch {
      // A FormatError is one line already; other errors are made one.
      console.writeError("\(table.name): \("\(error)".printable(limit: 600))\n")
      return failureStatus
    }
  }
}

import Format
import Foundation

/// The streams that a command reads and writes: those of the process, or of a test.
public final class Console {
  let input: InputLines
  /// Writes to standard output; false once nobody reads it any more.
  private let output: (String) throws(FormatError) -> Bool
  private let errors: (String) -> Void
  public let inputIsTerminal: Bool
  public let outputIsTerminal: Bool
  public let errorIsTerminal: Bool
  /// The width of the terminal behind standard output; 0 where there is none.
  public let columns: Int
  /// The environment of the process; empty in a test unless given.
  let environment: [String: String]
  /// Whether lines can be edited: keys read one by one, and the line drawn again.
  let canEditLines: Bool
  /// Whether the reader of standard output has gone, as in `run … | head`: time to end, without an error.
  public private(set) var isOutputClosed = false

  /// - Parameter input: standard input; without it, there is nothing to read.
  public init(
    input: InputLines = InputLines { _ in .end },
    output: @escaping (String) throws(FormatError) -> Bool,
    errors: @escaping (String) -> Void,
    inputIsTerminal: Bool = false, outputIsTerminal: Bool = false, errorIsTerminal: Bool = false,
    columns: Int = 0, environment: [String: String] = [:], isProcess: Bool = false
  ) {
    self.input = input
    self.output = output
    self.errors = errors
    self.inputIsTerminal = inputIsTerminal
    self.outputIsTerminal = outputIsTerminal
    self.errorIsTerminal = errorIsTerminal
    self.columns = columns
    self.environment = environment
    canEditLines = isProcess && inputIsTerminal && errorIsTerminal && Self.obeysSequences(environment)
  }

  /// Whether a terminal takes escape sequences.
  static func obeysSequences(_ environment: [String: String]) -> Bool {
    let terminal = environment["TERM"] ?? ""
    return !terminal.isEmpty && terminal != "dumb"
  }

  /// Writes results to standard output; does nothing once the reader has gone.
  ///
  /// - Throws: `FormatError` of kind `unwritable`, for example where the disk is full.
  public func write(_ text: String) throws(FormatError) {
    guard !isOutputClosed, !text.isEmpty else { return }
    if try !output(text) { isOutputClosed = true }
  }

  /// Writes text of a model to standard output, as `safe` makes it.
  public func writeModelText(_ text: String) throws(FormatError) {
    try write(safe(text))
  }

  /// Text of a model without what a terminal would take for commands, where standard output is one.
  func safe(_ text: String) -> String { outputIsTerminal ? Self.withoutControls(text) : text }

  /// The next line of standard input, for which it waits; nil at the end.
  func readLine() -> String? {
    guard case .line(let line) = try? input.next(waits: true) else { return nil }
    return line.repairedText
  }

  /// Writes progress and diagnostics to standard error.
  public func writeError(_ text: String) { errors(text) }

  /// Writes a line for each of `warnings`.
  func warn(_ warnings: [String], by command: String) {
    for warning in warnings { writeError("\(command): note: \(warning.printable(limit: 600))\n") }
  }

  private static func withoutControls(_ text: String) -> String {
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x09, 0x0A: kept.append(scalar)
      case 0..<0x20, 0x7F..<0xA0: kept.append("\u{FFFD}")
      default: kept.append(scalar)
      }
    }
    return String(kept)
  }
}

extension Console {
  /// The process's standard streams.
  public static func standard() -> Console {
    Console(
      input: InputLines(descriptor: STDIN_FILENO, name: "standard input"),
      output: { text throws(FormatError) in try writeAll(text, to: STDOUT_FILENO) },
      errors: { text in _ = try? writeAll(text, to: STDERR_FILENO) },
      inputIsTerminal: isatty(STDIN_FILENO) == 1, outputIsTerminal: isatty(STDOUT_FILENO) == 1,
      errorIsTerminal: isatty(STDERR_FILENO) == 1, columns: terminalColumns(STDOUT_FILENO),
      environment: ProcessInfo.processInfo.environment, isProcess: true)
  }

  /// The width of the terminal behind a descriptor; 0 where there is none.
  static func terminalColumns(_ descriptor: Int32) -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return 0 }
    return Int(size.ws_col)
  }

  private static func writeAll(_ text: String, to descriptor: Int32) throws(FormatError) -> Bool {
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        start += count
      } else if errno == EPIPE {
        return false
      } else if errno == EAGAIN {
        // A terminal shared with a program that made it non-blocking.
        usleep(1000)
      } else if errno != EINTR {
        throw FormatError(.unwritable, "standard output", systemError())
      }
    }
    return true
  }
}

import Format

/// One line on a terminal's standard error that tells what is being done; nothing elsewhere.
final class ProgressLine {
  private let console: Console
  private let command: String
  private let isTold: Bool
  private var isShown = false
  private var firstBytes: ContinuousClock.Instant?
  private var lastBytes: ContinuousClock.Instant?

  private static let clear = "\r\u{1B}[K"
  private static let cells = 24

  init(_ command: String, on console: Console, quiet: Bool) {
    (self.console, self.command) = (console, command)
    isTold = !quiet && console.errorIsTerminal
  }

  deinit { end() }

  func tell(_ step: String) {
    guard isTold else { return }
    console.writeError("\(Self.clear)\(command): \(step.printable())")
    isShown = true
  }

  /// A bar with bytes and rate, renewed some ten times a second.
  func tell(written: Int, of total: Int) {
    guard isTold else { return }
    let now = ContinuousClock.now
    let first = firstBytes ?? now
    firstBytes = first
    if let lastBytes, now - lastBytes < .milliseconds(100), written < total { return }
    lastBytes = now
    tell(Self.bar(written: written, of: total, after: now - first))
  }

  /// Takes the line away; the next step shows it again.
  func end() {
    if isShown { console.writeError(Self.clear) }
    isShown = false
  }

  static func bar(written: Int, of total: Int, after time: Duration) -> String {
    let filled = total > 0 ? Int(Double(written) / Double(total) * Double(cells)) : cells
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    let rate = seconds > 0 ? ", \(size(Int(Double(written) / seconds)))/s" : ""
    return "writing \(bar) \(size(written)) of \(size(total))\(rate)"
  }

  /// Bytes in three digits or so.
  static func size(_ bytes: Int) -> String {
    var (value, unit) = (Double(bytes), 0)
    let units = ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.5, unit + 1 < units.count {
      value /= 1000
      unit += 1
    }
    guard unit > 0, value < 9.95 else { return "\(Int(value.rounded())) \(units[unit])" }
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}

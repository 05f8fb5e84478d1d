import Format

extension ProgressLine {
  private static let cells = 24

  /// The line, shortened to `columns`: `rewrite: writing ██████░░ 25 %  500 B of 2.0 kB  500 B/s  0:03 left`.
  static func text(_ progress: StepProgress, after time: Duration, columns: Int, _ command: String) -> String {
    let head = "\(command): \(progress.step)" + (progress.detail.map { " \($0.printable(limit: 40))" } ?? "")
    guard progress.total > 0 else { return cut(head, columns) }
    let share = min(1, Double(progress.done) / Double(progress.total))
    let filled = Int(share * Double(cells))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
    var parts = ["\(Int(share * 100)) %", amount(progress)]
    let seconds = time / .seconds(1)
    if progress.done > 0, seconds > 0 {
      let rate = Double(progress.done) / seconds
      parts.append(speed(rate, progress.unit))
      if progress.done < progress.total { parts.append(clock(Double(progress.total - progress.done) / rate) + " left") }
    }
    // The parts that matter least go first: the amount, then the bar and the rate.
    for (kept, showsBar) in [(parts, true), (parts.count > 2 ? parts.filter { $0 != parts[1] } : parts, true)] {
      let text = ([head] + (showsBar ? [bar] : [])).joined(separator: " ") + " " + kept.joined(separator: "  ")
      if text.columns <= columns { return text }
    }
    return cut("\(head) " + ([parts[0]] + parts.dropFirst(3)).joined(separator: "  "), columns)
  }

  private static func cut(_ text: String, _ columns: Int) -> String {
    text.columns > columns ? text.fitted(to: max(columns, 2)) : text
  }

  private static func amount(_ progress: StepProgress) -> String {
    guard progress.unit != .bytes else { return "\(size(progress.done)) of \(size(progress.total))" }
    return "\(progress.done) of \(progress.total) \(progress.unit)"
  }

  private static func speed(_ rate: Double, _ unit: StepProgress.Unit) -> String {
    if unit == .bytes { return "\(size(Int(exactly: rate.rounded()) ?? .max))/s" }
    // Less than one per second is told per minute, and so are memories, whose compile goes on for long.
    let (value, time) = rate < 1 || unit == .memories ? (rate * 60, "min") : (rate, "s")
    let tenths = Int(exactly: (value * 10).rounded()) ?? .max
    return value < 10 ? "\(tenths / 10).\(tenths % 10) \(unit)/\(time)" : "\(tenths / 10) \(unit)/\(time)"
  }

  /// A duration as `0:07`, `12:30` or `1:02:03`.
  static func clock(_ seconds: Double) -> String {
    guard let all = Int(exactly: seconds.rounded(.up)), all < 360_000 else { return "days" }
    func two(_ value: Int) -> String { (value < 10 ? "0" : "") + "\(value)" }
    let (hours, minutes) = (all / 3600, all / 60 % 60)
    return (hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)") + ":" + two(all % 60)
  }

  /// A number of bytes with two or three digits and a unit.
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

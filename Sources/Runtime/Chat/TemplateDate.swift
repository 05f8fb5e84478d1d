import Format
import Foundation

/// The moment that templates take for now, in the parts that `strftime` writes.
public struct TemplateDate: Sendable, Equatable {
  private let parts: DateComponents
  private let dayOfYear: Int

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  private static let wanted: Set<Calendar.Component> = [.year, .month, .day, .hour, .minute, .second, .weekday]

  /// - Parameter date: a moment, told in the time zone of the machine.
  public init(_ date: Date = Date()) { self.init(date, Calendar(identifier: .gregorian)) }

  private init(_ date: Date, _ calendar: Calendar) {
    parts = calendar.dateComponents(Self.wanted, from: date)
    dayOfYear = calendar.ordinality(of: .day, in: .year, for: date) ?? 1
  }

  /// - Parameter text: a day as `2025-01-31`, told as its midnight; nil for any other text.
  public init?(day text: String) {
    let numbers = text.split(separator: "-", omittingEmptySubsequences: false)
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? calendar.timeZone
    guard numbers.map(\.utf8.count) == [4, 2, 2], numbers.allSatisfy({ $0.unicodeScalars.allSatisfy(\.isDigit) }),
      let date = calendar.date(
        from: DateComponents(year: Int(numbers[0]), month: Int(numbers[1]), day: Int(numbers[2])))
    else { return nil }
    self.init(date, calendar)
    guard parts.day == Int(numbers[2]), parts.month == Int(numbers[1]) else { return nil }
  }

  /// The text of a format of Python's `strftime`, with English names.
  func formatted(_ format: String) throws(TemplateProblem) -> String {
    var result = ""
    var scalars = format.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var letter = scalars.popFirst()
      let isBare = letter == "-"
      if isBare { letter = scalars.popFirst() }
      guard let letter, let text = field(letter, isBare: isBare) else {
        throw TemplateProblem(
          "a field of a date is not supported",
          got: "%\(isBare ? "-" : "")\(letter.map { String($0).printable() } ?? "")")
      }
      result += text
    }
    return result
  }

  private func field(_ letter: Unicode.Scalar, isBare: Bool) -> String? {
    func number(_ value: Int, _ width: Int = 2) -> String {
      let digits = String(value)
      return isBare ? digits : String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let (hour, month) = (parts.hour ?? 0, parts.month ?? 1)
    switch letter {
    case "Y": return number(parts.year ?? 0, 4)
    case "y": return number((parts.year ?? 0) % 100)
    case "m": return number(month)
    case "d": return number(parts.day ?? 1)
    case "H": return number(hour)
    case "I": return number((hour + 11) % 12 + 1)
    case "M": return number(parts.minute ?? 0)
    case "S": return number(parts.second ?? 0)
    case "j": return number(dayOfYear, 3)
    case "w": return "\((parts.weekday ?? 1) - 1)"
    case "p": return hour < 12 ? "AM" : "PM"
    case "B": return Self.months[month - 1]
    case "b", "h": return String(Self.months[month - 1].prefix(3))
    case "A": return Self.weekdays[(parts.weekday ?? 1) - 1]
    case "a": return String(Self.weekdays[(parts.weekday ?? 1) - 1].prefix(3))
    case "%": return "%"
    default: return nil
    }
  }
}

/// When output is colored: the values of `--color`.
public enum ColorChoice: String, CaseIterable, Sendable { case auto, always, never }

/// The colors of a terminal that commands use, by their SGR numbers.
enum Color: Int {
  case red = 31
  case green = 32
  case yellow = 33
  case cyan = 36
}

/// Colors text, or leaves it as it is.
struct Paint {
  var isOn: Bool

  func callAsFunction(_ text: String, _ color: Color) -> String {
    isOn ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
  }
}

extension Console {
  /// `auto` colors a terminal that can, unless `NO_COLOR` is set and not empty; a choice on the command line stands
  /// above both.
  func paint(_ choice: ColorChoice) -> Paint {
    switch choice {
    case .always: return Paint(isOn: true)
    case .never: return Paint(isOn: false)
    case .auto:
      let isRefused = environment["NO_COLOR"]?.isEmpty == false
      return Paint(isOn: outputIsTerminal && !isRefused && Self.obeysSequences(environment))
    }
  }
}

/// The values of `--color`: when output is colored.
public enum ColorChoice: String, CaseIterable, Sendable { case auto, always, never }

/// The colors of a terminal that commands use, by their SGR numbers.
enum Color: Int {
  case red = 31
  case green = 32
  case yellow = 33
  case cyan = 36
}

/// A function that colors text, or leaves it as it is.
struct Paint {
  var isOn: Bool

  func callAsFunction(_ text: String, _ color: Color) -> String {
    isOn ? "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m" : text
  }
}

extension Console {
  /// The paint for a choice: `auto` colors a terminal that obeys sequences, unless `NO_COLOR` is set and not empty.
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

/// When output is coloured: the values of `--color`.
public enum ColourChoice: String, CaseIterable, Sendable { case auto, always, never }

/// The colours of a terminal that commands use, by their SGR numbers.
enum Colour: Int {
  case red = 31
  case green = 32
  case yellow = 33
  case cyan = 36
}

/// Colours text, or leaves it as it is.
struct Paint {
  var isOn: Bool

  func callAsFunction(_ text: String, _ colour: Colour) -> String {
    isOn ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }
}

extension Console {
  /// `auto` colours a terminal that can, unless `NO_COLOR` is set and not empty; a choice on the command line stands
  /// above both.
  func paint(_ choice: ColourChoice) -> Paint {
    switch choice {
    case .always: return Paint(isOn: true)
    case .never: return Paint(isOn: false)
    case .auto:
      let isRefused = environment["NO_COLOR"]?.isEmpty == false
      return Paint(isOn: outputIsTerminal && !isRefused && Self.obeysSequences(environment))
    }
  }
}

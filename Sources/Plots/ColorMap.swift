/// Colors from blue to yellow that grow lighter throughout and differ for every kind of color vision.
///
/// The support points are those of cividis (Nuñez, Anderton and Renslow 2018).
public enum ColorMap {
  private static let points: [(red: Double, green: Double, blue: Double)] = [
    (0, 32, 77), (65, 77, 107), (124, 123, 120), (188, 175, 111), (255, 234, 70),
  ]

  /// The color of a share from 0 to 1, as `#rrggbb`.
  public static func color(_ share: Double) -> String {
    let scaled = min(max(share.isFinite ? share : 0, 0), 1) * Double(points.count - 1)
    let index = min(Int(scaled), points.count - 2)
    let (low, high, rest) = (points[index], points[index + 1], scaled - Double(index))
    func mixed(_ a: Double, _ b: Double) -> String {
      let value = Int((a + (b - a) * rest).rounded())
      return (value < 16 ? "0" : "") + String(value, radix: 16)
    }
    return "#" + mixed(low.red, high.red) + mixed(low.green, high.green) + mixed(low.blue, high.blue)
  }
}

/// The meaning of a mark, shown by color and shape; `ChartStyle` has the colors.
public enum Tone: String, Sendable, CaseIterable {
  case good, bad, both, other
}

import Foundation

/// Sizes and positions of labels, so that none lies on another.
public enum Labels {
  /// An estimate of a text's width, good enough to keep labels apart: the reader's browser chooses the font.
  public static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
    let plain = text.unicodeScalars.reduce(0) { sum, scalar in
      switch scalar.value {
      case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0x1F300...0x1FAFF:
        sum + size * 1.05
      case 0x69, 0x6A, 0x6C, 0x2E, 0x2C, 0x27, 0x7C, 0x21: sum + size * 0.34
      case 0x41...0x5A, 0x6D, 0x77: sum + size * 0.72
      default: sum + size * 0.58
      }
    }
    return isBold ? 1.12 * plain : plain
  }

  /// A text cut so that it is no wider than `width`.
  public static func fitted(_ text: String, size: Double, width limit: Double) -> String {
    guard width(text, size: size) > limit else { return text }
    var kept = text
    while !kept.isEmpty, width(kept + "…", size: size) > limit { kept.removeLast() }
    return kept + "…"
  }

  /// Chooses labels so that none touches the one before; they are given by center and width, in ascending order.
  static func thinned(_ labels: [(center: Double, width: Double)], gap: Double = 4) -> [Bool] {
    var end = -Double.infinity
    return labels.map { label in
      guard label.center - label.width / 2 >= end + gap else { return false }
      end = label.center + label.width / 2
      return true
    }
  }

  /// Centers near the wanted ones, at least `height` apart, and within `range` where there is room for all.
  public static func spread(_ wanted: [Double], height: Double, in range: ClosedRange<Double>) -> [Double] {
    let order = wanted.indices.sorted { wanted[$0] < wanted[$1] }
    var centers = order.map { wanted[$0] }
    var floor = range.lowerBound
    for i in centers.indices {
      centers[i] = max(centers[i], floor)
      floor = centers[i] + height
    }
    var ceiling = range.upperBound
    for i in centers.indices.reversed() {
      centers[i] = min(centers[i], ceiling)
      ceiling = centers[i] - height
    }
    var result = wanted
    for (i, index) in order.enumerated() { result[index] = centers[i] }
    return result
  }
}

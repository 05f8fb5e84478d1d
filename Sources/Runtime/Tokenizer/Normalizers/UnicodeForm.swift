import Foundation

#if !canImport(Darwin)
  // Foundation's composition turns some old Hangul into U+FFFD on Linux and breaks characters beyond U+FFFF.
  @_spi(_Unicode) import Swift
#endif

/// A normalization form of Unicode 9, the version of the library: later characters stay as they are.
enum UnicodeForm: String, Sendable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  private static let later = CharacterClass(ScalarCategory.known(by: 9).complement)

  private var isCompatibility: Bool { self == .nfkc || self == .nfkd }
  private var isComposed: Bool { self == .nfc || self == .nfkc }

  /// UTF-8 text in this form.
  func callAsFunction(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard text.contains(where: { $0 >= 0x80 }) else { return text }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    // Nothing composes or changes places across a character that has no decomposition and no class.
    var pending = String.UnicodeScalarView()
    func flush() {
      let text = String(pending)
      result += (isComposed ? text.composed : text.decomposed).utf8
      pending = String.UnicodeScalarView()
    }
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      if scalar.value < 0x80 {
        pending.append(scalar)
      } else if Self.later.contains(scalar.value) {
        flush()
        result += String(scalar).utf8
      } else if isCompatibility, scalar.properties.changesWhenNFKCCaseFolded {
        pending.append(contentsOf: String(scalar).decomposedStringWithCompatibilityMapping.unicodeScalars)
      } else {
        pending.append(scalar)
      }
    }
    flush()
    return result[...]
  }
}

extension String {
  #if canImport(Darwin)
    fileprivate var composed: String { precomposedStringWithCanonicalMapping }
    fileprivate var decomposed: String { decomposedStringWithCanonicalMapping }
  #else
    fileprivate var composed: String { String(_nfc) }
    fileprivate var decomposed: String { String(_nfd) }
  #endif
}

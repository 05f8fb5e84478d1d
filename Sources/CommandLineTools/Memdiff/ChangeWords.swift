import Format
import Foundation
import Runtime

extension MemoryChange {
  /// The differences and what they mean, one per line, the most telling first, escaped for a terminal.
  var statements: [String] {
    var result: [String] = []
    func add(_ what: String, _ pair: (from: String, to: String)?, _ meaning: String = "") {
      guard let pair, ByteString(pair.from) != ByteString(pair.to) else { return }
      let (from, to) = distinguishable(pair.from, pair.to)
      result.append("\(what) \(from) → \(to)" + (meaning.isEmpty ? "" : ": \(meaning)"))
    }
    add("renamed", (old.name, new.name))
    add("prompt", (old.prompt, new.prompt))
    let hasSameRegions = old.rows.count == new.rows.count && pairs.allSatisfy(\.hasSameRegion)
    add("target", (old.target, new.target), hasSameRegions && !actsTheSame ? "same region, other target" : "")
    if ByteString(old.target) == ByteString(new.target), old.targetIDs != new.targetIDs {
      result.append("target ids \(old.targetIDs) → \(new.targetIDs)")
    }
    if let module = movedModule {
      result.append("moved from \(plain(module.from.description)) to \(plain(module.to.description))")
    }
    if let token = movedToken {
      result.append("moved from token \(plain(token.from)) to \(plain(token.to))")
    }
    if old.rows.count != new.rows.count { result.append("rows \(old.rows.count) → \(new.rows.count)") }
    result += rowStatements
    if actsTheSame { result.append("same rows: the model acts as before") }
    return result
  }

  /// The statements about rows; rows with the same statement share a line.
  private var rowStatements: [String] {
    var lines: [(text: String, rows: [Int])] = []
    let keysAreActivations = old.method == "seed" && new.method == "seed"
    for (i, pair) in pairs.enumerated() {
      for text in pair.statements(tellsID: old.targetIDs == new.targetIDs, keysAreActivations: keysAreActivations) {
        if let known = lines.firstIndex(where: { $0.text == text }) {
          lines[known].rows.append(i)
        } else {
          lines.append((text, [i]))
        }
      }
    }
    return lines.map { line in
      if pairs.count == 1, old.rows.count == new.rows.count { return line.text }
      if pairs.count > 1, line.rows.count == pairs.count { return "each row: \(line.text)" }
      let list = line.rows.map(String.init).joined(separator: ", ")
      return "row\(line.rows.count == 1 ? "" : "s") \(list): \(line.text)"
    }
  }
}

extension MemoryChange.RowPair {
  /// - Parameters:
  ///   - tellsID: whether to state the row's target id, which mostly follows from the memory's target.
  ///   - keysAreActivations: whether keys are activations at the key prompt, not fitted to several prompts.
  fileprivate func statements(tellsID: Bool, keysAreActivations: Bool) -> [String] {
    let id = tellsID && old.targetID != new.targetID ? "for token id \(old.targetID) → \(new.targetID)" : nil
    return [keyStatement(keysAreActivations), boundsStatement, deltaStatement, id].compactMap(\.self)
  }

  /// The change of the key, and whether the old key is in the new region. Fitted keys may differ and still answer to
  /// the same activations, so that a key outside proves nothing.
  private func keyStatement(_ keysAreActivations: Bool) -> String? {
    guard old.key != new.key, let cosine = keyCosine else { return nil }
    let length = new.keyNorm / old.keyNorm
    let similarity = scalarProduct(old.key, new.key) / (new.keyNorm * new.keyNorm)
    let strength = MemoryRegion.strength(
      similarity: Float(similarity), boundary: new.boundary, hardness: new.hardness)
    let meaning =
      switch strength {
      case 0.5...: "it still acts at the old key"
      case 0 where keysAreActivations || cosine < 0.5: "it answers to other text"
      case 0: "it may answer to other text"
      default: "at the old key it acts weakly (strength \(short(Double(strength))))"
      }
    let isLonger = abs(length - 1) > 0.01
    if cosine > 0.9999 {
      return "the key is \(isLonger ? "\(short(length)) × as long" : "nearly the same"): \(meaning)"
    }
    return "the key \(cosine < 0.5 ? "points elsewhere" : "turned") (cosine \(short(cosine))"
      + (isLonger ? ", \(short(length)) × as long" : "") + "): \(meaning)"
  }

  private var boundsStatement: String? {
    var changes: [String] = []
    var meanings: [String] = []
    if old.boundary != new.boundary { changes.append("boundary \(short(old.boundary, new.boundary))") }
    if old.hardness != new.hardness {
      changes.append("hardness \(short(old.hardness, new.hardness))")
      meanings.append(new.hardness > old.hardness ? "a sharper edge" : "a softer edge")
    }
    guard !changes.isEmpty else { return nil }
    let reach =
      MemoryRegion.reach(boundary: new.boundary, hardness: new.hardness)
      / MemoryRegion.reach(boundary: old.boundary, hardness: old.hardness)
    let percent = Int((abs(reach - 1) * 100).rounded(.toNearestOrAwayFromZero))
    switch reach {
    case ..<0.5, 2...: meanings.append("reaches \(short(reach)) × as far")
    default:
      if percent > 0 { meanings.append("reaches \(percent) % \(reach > 1 ? "further" : "less far")") }
    }
    return changes.joined(separator: ", ") + (meanings.isEmpty ? "" : ": " + meanings.joined(separator: ", "))
  }

  private var deltaStatement: String? {
    let alpha = old.alpha == new.alpha ? nil : "alpha \(short(old.alpha, new.alpha))"
    guard old.delta != new.delta else { return alpha }
    var statement = "delta norm \(short(old.deltaNorm)) → \(short(new.deltaNorm))" + (alpha.map { " (\($0))" } ?? "")
    if let cosine = deltaCosine, cosine < 0.99 {
      statement += ": pushes \(cosine < 0.5 ? "elsewhere" : "in another direction") (cosine \(short(cosine)))"
    } else if deltaCosine != nil, abs(new.deltaNorm / old.deltaNorm - 1) > 0.005 {
      statement += ": pushes \(short(new.deltaNorm / old.deltaNorm)) × as hard"
    }
    return statement
  }
}

/// A text escaped for a terminal.
func plain(_ text: String) -> String { text.printable(limit: .max) }

/// Two different texts in quotes, in ASCII where they look the same (é as one scalar and as two).
private func distinguishable(_ a: String, _ b: String) -> (String, String) {
  func quoted(_ text: String) -> String {
    a == b ? "\"\(text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined())\"" : "\"\(plain(text))\""
  }
  return (quoted(a), quoted(b))
}

/// A number with four significant digits, without trailing zeros.
private func short(_ value: Double) -> String { String(format: "%.4g", value) }

/// Two values that differ, with four significant digits, or with all where four look the same.
private func short(_ a: Float, _ b: Float) -> String {
  let (old, new) = (short(Double(a)), short(Double(b)))
  return old == new ? "\(a) → \(b)" : "\(old) → \(new)"
}

import Format
import Foundation

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
    var statements: [String] = []
    // At another module the key's axes mean something else.
    let region = RegionWords(old: .init(old), new: .init(new), acts: "acts", keysAreActivations: keysAreActivations)
    if isAtSameModule, let statement = region.key { statements.append(statement) }
    if let statement = region.bounds { statements.append(statement) }
    statements += cueChanges.flatMap(\.statements)
    if cueChanges.isEmpty, old.cues != new.cues { statements.append("the cues are in another order") }
    return statements + [deltaStatement, id].compactMap(\.self)
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
func short(_ value: Double) -> String { String(format: "%.4g", value) }

/// Two values that differ, with four significant digits, or with all where four look the same.
func short(_ a: Float, _ b: Float) -> String {
  let (old, new) = (short(Double(a)), short(Double(b)))
  return old == new ? "\(a) → \(b)" : "\(old) → \(new)"
}

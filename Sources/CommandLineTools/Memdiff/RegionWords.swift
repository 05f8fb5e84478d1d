import Format
import Runtime

/// The words about a region that differs: that of a row, or a cue.
struct RegionWords {
  /// The numbers of a region.
  struct Side {
    var key: [Float]
    var boundary: Float
    var hardness: Float

    init(_ row: MemoryRow) { (key, boundary, hardness) = (row.key, row.boundary, row.hardness) }
    init(_ cue: MemoryCue) { (key, boundary, hardness) = (cue.key, cue.boundary, cue.hardness) }
  }

  /// Both at one module, for `key` to say something.
  var old: Side
  var new: Side
  /// What it does inside its region: `acts` or `is present`.
  var acts: String
  /// Whether keys are activations at the key prompt, not fitted to several prompts.
  var keysAreActivations: Bool

  /// The change of the key, and whether the old key is in the new region; nil where it is the same. Fitted keys may
  /// differ and still answer to the same activations, so that a key outside proves nothing.
  var key: String? {
    guard old.key != new.key, let cosine = cosine(old.key, new.key) else { return nil }
    let norm = euclideanNorm(new.key)
    let length = norm / euclideanNorm(old.key)
    let similarity = scalarProduct(old.key, new.key) / (norm * norm)
    let strength = MemoryRegion.strength(
      similarity: Float(similarity), boundary: new.boundary, hardness: new.hardness)
    let meaning =
      switch strength {
      case 0.5...: "it still \(acts) at the old key"
      case 0 where keysAreActivations || cosine < 0.5: "it answers to other text"
      case 0: "it may answer to other text"
      default: "at the old key it \(acts) weakly (strength \(short(Double(strength))))"
      }
    let isLonger = abs(length - 1) > 0.01
    if cosine > 0.9999 {
      return "the key is \(isLonger ? "\(short(length)) × as long" : "nearly the same"): \(meaning)"
    }
    return "the key \(cosine < 0.5 ? "points elsewhere" : "turned") (cosine \(short(cosine))"
      + (isLonger ? ", \(short(length)) × as long" : "") + "): \(meaning)"
  }

  /// The change of boundary and hardness, and what it does to the reach; nil where they are the same.
  var bounds: String? {
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
}

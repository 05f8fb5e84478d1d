import Format
import Runtime

extension MemoryRow {
  /// `"cues"`, an object for each that the row asks for; nothing where it acts by its own key alone.
  var cueMembers: [(String, JSONNode)] {
    guard !cues.isEmpty else { return [] }
    let nodes = cues.map { cue -> JSONNode in
      [
        "mode": .string(RegionReading.Role(cue.mode).rawValue), "module": .string(cue.module.description),
        "boundary": .float(cue.boundary), "hardness": .float(cue.hardness),
        "key_norm": .float(Float(euclideanNorm(cue.key))),
      ]
    }
    return [("cues", .array(nodes))]
  }
}

extension RegionReadings {
  /// `"regions"`, an object for each, and `"strength"`, the product.
  var members: [(String, JSONNode)] {
    let nodes = regions.map { region -> JSONNode in
      [
        "role": .string(region.role.rawValue), "token": .int(region.token), "text": .string(region.tokenText),
        "similarity": .float(region.similarity), "boundary": .float(region.boundary),
        "strength": .float(region.strength), "depth": .string(region.depth.rawValue),
      ]
    }
    return [("regions", .array(nodes)), ("strength", .float(strength))]
  }
}

import Format

extension Checkpoint {
  /// `eos_token_id` of a file: an id or a list of them; nil where it names none.
  func endTokens(in file: CompanionFile) throws(FormatError) -> Set<Int>? {
    guard let bytes = companion(file) else { return nil }
    let root = try JSONDocument(bytes, location: location(of: file)).root
    guard root.isObject else {
      throw FormatError(.config, root.location, "not an object", got: root.kindDescription)
    }
    guard let value = root["eos_token_id"], !value.isNull else { return nil }
    let ids = (value.isArray ? value.elements : [value]).map(\.int)
    guard ids.allSatisfy({ $0 != nil }) else {
      throw FormatError(.config, value.location, "not an id or a list of ids", got: value.kindDescription)
    }
    return Set(ids.compactMap(\.self))
  }
}

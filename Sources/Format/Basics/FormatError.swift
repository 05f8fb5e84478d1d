/// What is wrong with something the user gave: a file, a configuration, a tokenizer, a spec, a memory table.
///
/// Printed once, at the top of a command, as `place: problem, expected …, got …`.
public struct FormatError: Error, Equatable, CustomStringConvertible {
  /// The rule that was broken; tests and other programs match on this, people read the rest.
  public enum Kind: String, Sendable, CaseIterable {
    // Files and folders.
    case missing, unreadable, unwritable, exists, sameFile, notACheckpoint
    // The safetensors container, named after the reference validator's errors.
    case headerTooSmall, headerTooLarge, invalidHeaderLength, invalidHeader, invalidHeaderDeserialization
    case duplicateName, invalidOffset, validationOverflow, misalignedSlice, tensorInvalidInfo
    case metadataIncompleteBuffer
    // Content.
    case json, index, gguf, config, tokenizer, missingTensor, tensorShape, unsupported
    case memoryTable, manifest, spec, prompt
  }

  public var kind: Kind
  /// The file, and within it the key or tensor, that the problem is in.
  public var location: String
  public var problem: String
  public var expected: String?
  public var got: String?

  public init(_ kind: Kind, _ location: String, _ problem: String, expected: String? = nil, got: String? = nil) {
    self.kind = kind
    self.location = location
    self.problem = problem
    self.expected = expected
    self.got = got
  }

  /// One line, free of control characters whatever the file contained.
  public var description: String {
    var line = "\(location): \(problem)"
    if let expected { line += ", expected \(expected)" }
    if let got { line += ", got \(got)" }
    return line.printable(limit: 600)
  }
}

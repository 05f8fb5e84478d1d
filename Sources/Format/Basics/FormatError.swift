/// An error in something that the user gave, such as a file, a configuration, a tokenizer, a spec or a memory table.
///
/// Printed once, at the top of a command, as `location: problem, expected …, got …`.
public struct FormatError: Error, Equatable, CustomStringConvertible {
  /// The broken rule, by which tests and other programs tell errors apart.
  public enum Kind: String, Sendable, CaseIterable {
    // Files and folders.
    case missing, unreadable, unwritable, exists, sameFile, notACheckpoint
    // The safetensors container, named after the reference validator's errors.
    case headerTooSmall, headerTooLarge, invalidHeaderLength, invalidHeader, invalidHeaderDeserialization
    case duplicateName, invalidOffset, validationOverflow, misalignedSlice, tensorInvalidInfo
    case metadataIncompleteBuffer
    // Content.
    case json, index, gguf, config, tokenizer, missingTensor, tensorShape, notFinite, unsupported
    case memoryTable, manifest, spec, prompt
  }

  public var kind: Kind
  /// The file, and the key or tensor in it, that the problem is in.
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

  /// The error as one line, free of control characters whatever the file contains.
  public var description: String {
    var line = "\(location): \(problem)"
    if let expected { line += ", expected \(expected)" }
    if let got { line += ", got \(got)" }
    return line.printable(limit: 600)
  }
}

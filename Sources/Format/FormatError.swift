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
  public var place: String
  public var problem: String
  public var expected: String?
  public var got: String?

  public init(_ kind: Kind, _ place: String, _ problem: String, expected: String? = nil, got: String? = nil) {
    self.kind = kind
    self.place = place
    self.problem = problem
    self.expected = expected
    self.got = got
  }

  /// One line, free of control characters whatever the file contained.
  public var description: String {
    var line = "\(place): \(problem)"
    if let expected { line += ", expected \(expected)" }
    if let got { line += ", got \(got)" }
    return line.printable(limit: 600)
  }
}

extension StringProtocol {
  /// The string with control characters and line breaks escaped and anything past `limit` scalars cut, fit for
  /// a terminal line.
  package func printable(limit: Int = 200) -> String {
    var result = String.UnicodeScalarView()
    var count = 0
    for scalar in unicodeScalars {
      count += 1
      if count > limit {
        result.append("…")
        break
      }
      switch scalar.value {
      case 0x0A: result.append(contentsOf: "\\n".unicodeScalars)
      case 0x09: result.append(contentsOf: "\\t".unicodeScalars)
      case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069:
        result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}

import Foundation
import TestSupport
import Testing

@testable import Format

/// One case of the index under Tests/Conformance; README.md there says what the fields mean.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
  let value: JSONValue

  static let folder = "\(testsFolder)/Conformance"
  static let model = "\(folder)/model"
  static let prompt = "ab"

  static let all: [ConformanceCase] = {
    do {
      return try JSONDocument(path: "\(folder)/index.json").root["cases"]?.elements.map(ConformanceCase.init) ?? []
    } catch {
      fatalError("\(error)")
    }
  }()

  var name: String { value["name"]?.string ?? "" }
  var testDescription: String { name }
  var isSpec: Bool { value["kind"]?.string == "spec" }
  var isValid: Bool { value["verdict"]?.string == "accept" }
  /// The rule that a case to reject breaks.
  var error: FormatError.Kind? { value["error"]?.string.flatMap(FormatError.Kind.init) }
  /// The content that must be read from a valid case.
  var means: JSONValue? { value["means"] }

  func status(of command: String) -> Int32 {
    // A spec is no model, whatever it says.
    if isSpec, command == "run" { return 1 }
    return Int32(value["exit"]?[command]?.int ?? (isValid ? 0 : command == "memdiff" ? 2 : 1))
  }

  /// The arguments that hand the case, which lies at `path`, to a command.
  func arguments(of command: String, path: String, output: String) -> [String] {
    let files = isSpec ? (base: Self.model, spec: path) : (base: path, spec: "\(Self.model)/spec.json")
    switch command {
    case "rewrite": return [files.base, "--spec", files.spec, "-o", output, "--threads", "1"]
    case "run": return [path, Self.prompt, "--max-tokens", "2", "--threads", "1"]
    case "memdiff" where isSpec:
      return ["--behavior", Self.model, Self.model, "--prompts", path, "--max-tokens", "1", "--threads", "1"]
    default: return [path, path]
    }
  }

  /// Lays the case out in `folder`.
  ///
  /// - Returns: the path to open, and the files that were made.
  func layOut(in folder: String) throws -> (path: String, files: [String]) {
    var files: [String] = []
    for (key, content) in try #require(value["layout"]).members {
      let path = "\(folder)/\(key)"
      if let source = content.string {
        try FileManager.default.copyItem(atPath: "\(Self.folder)/\(source)", toPath: path)
      } else if let target = content["link"]?.string {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
      } else {
        try Self.make(try #require(content["make"]).elements, at: path)
      }
      files.append(path)
    }
    let opened = try #require(value["open"]?.string)
    return (opened == "." ? folder : "\(folder)/\(opened)", files)
  }

  /// Writes a file by its recipe: text, hex digits, a number of eight bytes, a repetition, or zeros that take no room.
  private static func make(_ parts: [JSONValue], at path: String) throws {
    try Data().write(to: URL(fileURLWithPath: path))
    let file = try #require(FileHandle(forWritingAtPath: path))
    defer { try? file.close() }
    for part in parts {
      if let text = part["text"]?.stringBytes {
        try file.write(contentsOf: text)
      } else if let digits = part["hex"]?.stringBytes {
        let bytes = stride(from: 0, to: digits.count, by: 2).map {
          UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
        }
        try file.write(contentsOf: bytes.map { try #require($0) })
      } else if let number = part["u64"]?.int {
        try file.write(contentsOf: withUnsafeBytes(of: UInt64(number).littleEndian, Array.init))
      } else if let count = part["sparse"]?.int {
        try file.truncate(atOffset: file.offset() + UInt64(count))
      } else {
        try file.write(contentsOf: repetition(try #require(part["repeat"]?.string), try #require(part["count"]?.int)))
      }
    }
  }

  /// `text` again and again, `{i}` in it the number of the repetition in seven digits.
  private static func repetition(_ text: String, _ count: Int) -> [UInt8] {
    let pieces = text.components(separatedBy: "{i}").map { Array($0.utf8) }
    var bytes: [UInt8] = []
    for i in 0..<count {
      let digits = Array(String(i + 10_000_000).utf8.dropFirst())
      bytes += pieces.joined(separator: digits)
    }
    return bytes
  }
}

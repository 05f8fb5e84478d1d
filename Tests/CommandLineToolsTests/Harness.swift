import CommandLineTools
import Foundation

@testable import Format

/// What a command wrote and returned when run within the test.
struct Outcome {
  var status: Int32
  var output: String
  var errors: String

  var errorLines: [Substring] { errors.split(separator: "\n") }
}

/// Collects what a command writes, as if to files or, where `columns` is given, to a terminal so wide.
final class Capture {
  private(set) var output = ""
  private(set) var errors = ""

  func run(
    _ command: any Command.Type, _ arguments: [String], input: [String] = [], columns: Int = 0,
    inputIsTerminal: Bool = false, closedAfter limit: Int = .max
  ) -> Outcome {
    var lines = input[...]
    let console = Console(
      readLine: { lines.popFirst() },
      output: { text throws(FormatError) in
        guard self.output.utf8.count < limit else { return false }
        self.output += text
        return true
      },
      errors: { self.errors += $0 }, inputIsTerminal: inputIsTerminal, outputIsTerminal: columns > 0,
      columns: columns)
    let status = command.execute(arguments, on: console)
    return Outcome(status: status, output: output, errors: errors)
  }
}

func run(_ command: any Command.Type, _ arguments: String..., input: [String] = []) -> Outcome {
  Capture().run(command, arguments, input: input)
}

/// The tiny models under Tests/Fixtures.
func fixture(_ name: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures/models/\(name)").path
}

/// A folder that goes away with the object.
final class TemporaryFolder {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A memory of one row that fits gpt2-a, whose width is 48.
func memory(
  _ name: String, layer: Int = 1, key: Float = 1, delta: Float = 0.5, boundary: Float = 0.25,
  target: String = " Kathmandu"
) -> Memory {
  let row = MemoryRow(
    module: ByteString("transformer.h.\(layer).attn.c_proj"), position: 7, targetID: 3, alpha: 1,
    boundary: boundary, hardness: 3, key: [key] + [Float](repeating: 1, count: 47),
    delta: [Float](repeating: delta, count: 48))
  return Memory(
    name: name, prompt: "The capital city of Nepal is located in", target: target, targetIDs: [3],
    method: "seed", site: "attn", layer: layer, token: "last", rows: [row], entry: .null, scores: .null)
}

import Foundation

@testable import Format

/// The entry point of libFuzzer: an input is read by the parser that the environment names, which either gives a
/// consistent value or throws an error of one line.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  do {
    try parser(bytes)
  } catch let error as FormatError {
    precondition(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x2028 })
  } catch {
    preconditionFailure("\(error)")
  }
  return 0
}

nonisolated(unsafe) private let parser: ([UInt8]) throws -> Void = {
  let parsers: [String: ([UInt8]) throws -> Void] = [
    "header": Parsers.header, "json": Parsers.json, "index": Parsers.index, "config": Parsers.config,
    "tokenizer": Parsers.tokenizer, "spec": Parsers.spec, "table": Parsers.table, "gguf": Parsers.gguf,
  ]
  guard let parser = parsers[environment("FUZZ_PARSER")] else { fatalError("FUZZ_PARSER: \(parsers.keys.sorted())") }
  return parser
}()

/// The value of an environment variable that scripts/fuzz sets.
func environment(_ name: String) -> String { ProcessInfo.processInfo.environment[name] ?? "" }

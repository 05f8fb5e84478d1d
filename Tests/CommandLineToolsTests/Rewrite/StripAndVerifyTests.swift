import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// A patched file made a base again, and files compared with what they say of themselves.
@Suite struct StripAndVerifyTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")

  init() throws { folder = try TemporaryFolder() }

  private func rewrite(_ arguments: String...) -> Outcome { Capture().run(RewriteCommand.self, arguments) }

  @Test func stripping() throws {
    let base = try folder.patched()
    let dry = run(RewriteCommand.self, base, "--strip", "--dry-run")
    #expect(dry.status == 0 && dry.output.hasPrefix("stripped 2 memories"))
    #expect(try folder.names() == ["patched.safetensors"])
    let json = run(RewriteCommand.self, base, "--strip", "--json", "-o", folder.file("out"))
    let count = try Checkpoint(path: fixture("gpt2-a")).tensors.count
    #expect(json.output == #"{"stripped":["a","b"],"tensors":\#(count)}"# + "\n")
    let header = try folder.contents("out").withUnsafeBytes { bytes in
      try SafetensorsHeader(validating: bytes, location: "out")
    }
    #expect(header.tensors.count == count && header.metadata?.map(\.key) == ["format"])
    #expect(try Checkpoint(path: folder.file("out")).baseHash() == Checkpoint(path: fixture("gpt2-a")).baseHash())
  }

  @Test func verifying() throws {
    let whole = try folder.patched("whole", [memory("a"), memory("b", key: 2)])
    let hash = try Checkpoint(path: base).baseHash()
    let outcome = rewrite(whole, "--verify")
    #expect(outcome.status == 0 && outcome.output.contains("\(hash) as recorded"))
    #expect(outcome.output.contains("memories: 2 in 2 rows"))
    #expect(rewrite(base, "--verify").output.contains("never patched"))
    #expect(rewrite(whole, "--sidecar", folder.file("side")).status == 0)
    #expect(rewrite(folder.file("side"), "--verify").output.contains("made for \(hash)"))

    // One bit of a base tensor, of a table, of the manifest.
    let file = try Checkpoint(path: whole)
    func flipped(_ name: ByteString) throws -> String {
      var bytes = try folder.contents("whole")
      let header = try bytes.withUnsafeBytes { try SafetensorsHeader(validating: $0, location: "") }
      let tensor = try #require(header.tensors.first { $0.name == name })
      bytes[header.dataStart + tensor.range.upperBound - 1] ^= 0x40
      return try folder.write(bytes, to: "flipped")
    }
    for name in [file.tensors[3].name, Manifest.tensorName, Checkpoint.headerName] {
      let outcome = rewrite(try flipped(name), "--verify")
      #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(name): \(outcome)")
    }
  }
}

import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Pass 7: no file has its name before it is verified.
@Suite struct EmitTests {
  private let folder: TemporaryFolder
  private let old: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    old = Array("an older file".utf8)
    try folder.write(old, to: "out.safetensors")
  }

  private func emit(sidecar: String? = "out.memory.safetensors") throws -> Emit {
    Emit(
      checkpoint: try TinyModel.checkpoint("gpt2-a"), output: folder.file("out.safetensors"),
      sidecar: sidecar.map(folder.file), replacing: true, part: nil, early: nil)
  }

  private func memories() throws -> [Memory] {
    try compile(TinyModel.checkpoint("gpt2-a"), SpecText.seed("a")).compiled.map { $0.memory(scores: .null) }
  }

  private func content(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: folder.file(name))))
  }

  /// A file that answers otherwise than the model it was made from leaves the old one as it was, and nothing beside it.
  @Test(arguments: ["out.safetensors", "out.memory.safetensors"])
  func aFileThatFailsVerificationNeverHasItsName(_ failing: String) throws {
    let memories = try memories()
    var verified: [String] = []
    #expect {
      try emit().write(memories, beside: [], identity: "a base", progress: { _, _ in }) {
        written, path throws(FormatError) in
        #expect(written.memories.map(\.name) == ["a"])
        verified.append((path as NSString).lastPathComponent)
        if path.hasSuffix("/" + failing) { throw FormatError(.memoryTable, path, "answers otherwise") }
      }
    } throws: {
      "\($0)" == "\(folder.file(failing)): answers otherwise"
    }
    #expect(verified.last == failing)
    #expect(try folder.names() == ["out.safetensors"] && content("out.safetensors") == old)
  }

  @Test func verifiedFilesAreThere() throws {
    let memories = try memories()
    try emit().write(memories, beside: [], identity: "a base", progress: { _, _ in }) { _, _ in
      #expect((try? content("out.safetensors")) == old)
    }
    #expect(try folder.names() == ["out.memory.safetensors", "out.safetensors"])
    for name in try folder.names() {
      #expect(try Checkpoint(path: folder.file(name)).memories.map(\.rows) == memories.map(\.rows))
    }
  }

  /// A name that no file can have is noticed at the rename: after all else has gone well.
  private static let tooLong = String(repeating: "n", count: 300)

  @Test func aSidecarThatFailsLeavesNoCheckpointBehind() throws {
    let statistics = folder.file("base.statistics")
    let request = RewriteRequest(
      spec: try Spec(entries: SpecText.auto("a")), output: folder.file("out.safetensors"),
      sidecar: folder.file(Self.tooLong), replacing: true, statistics: statistics)
    #expect {
      try Pipeline(TinyModel.checkpoint("llama-a"), pool: WorkerPool(threads: 2)).run(request)
    } throws: {
      ($0 as? FormatError)?.kind == .unwritable && "\($0)".contains(Self.tooLong) && !"\($0)".contains("written")
    }
    #expect(try folder.names() == ["out.safetensors"] && content("out.safetensors") == old)
  }

  /// If a later file fails, the error names the files that are there.
  @Test func aModelThatFailsBehindItsSidecarSaysSo() throws {
    let request = RewriteRequest(
      spec: try Spec(entries: SpecText.auto("a")), output: folder.file(Self.tooLong),
      sidecar: folder.file("a.memory"), statistics: folder.file("base.statistics"))
    #expect {
      try Pipeline(TinyModel.checkpoint("llama-a"), pool: WorkerPool(threads: 2)).run(request)
    } throws: {
      "\($0)".hasSuffix("; \(folder.file("a.memory")) was written")
    }
    #expect(try folder.names() == ["a.memory", "out.safetensors"])
  }

  @Test func statisticsThatFailSayWhatWasWritten() throws {
    let request = RewriteRequest(
      spec: try Spec(entries: SpecText.auto("a")), output: folder.file("new.safetensors"),
      statistics: folder.file(Self.tooLong))
    #expect {
      try Pipeline(TinyModel.checkpoint("llama-a"), pool: WorkerPool(threads: 2)).run(request)
    } throws: {
      "\($0)".hasSuffix("; \(folder.file("new.safetensors")) was written")
    }
    #expect(try folder.names() == ["new.safetensors", "out.safetensors"])
  }
}

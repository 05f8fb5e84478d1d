import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// A compile in parts: by several machines, interrupted and resumed, and with memories that cannot be compiled.
@Suite struct CompilePartsTests {
  private let folder: TemporaryFolder
  private let base: Checkpoint
  private let spec: Spec

  private static let names = ["Tokyo", "Nepal", "Paris", "Lima", "Oslo", "Tokyo", "Rome", "Kenya", "Nepal", "Berlin"]

  init() throws {
    folder = try TemporaryFolder()
    base = try TinyModel.checkpoint("llama-a")
    spec = try Spec(entries: Self.entries(Self.names.indices))
  }

  private static func entries(_ chosen: some Collection<Int>) -> String {
    let forms = ["{} lies in", "The capital of {} is", "Once upon a time {} was"]
    return chosen.map { i in
      let prompt = forms[i % 3].replacing("{}", with: names[i]) + (i > 4 ? " the" : "")
      let given = i == 7 ? #","method":"seed""# : i == 3 ? "" : #","subject":"\#(names[i])""#
      return #"{"name":"m\#(i)","prompt":"\#(prompt)","target":" Nepal","negatives":["Paris is"]\#(given)}"#
    }.joined(separator: ",")
  }

  private func request(_ name: String, _ change: (inout RewriteRequest) -> Void = { _ in }) -> RewriteRequest {
    var request = RewriteRequest(spec: spec, output: nil, sidecar: folder.file(name), replacing: true)
    change(&request)
    return request
  }

  private func pipeline(_ progress: @escaping @Sendable (StepProgress) -> Void = { _ in }) -> Pipeline {
    Pipeline(base, pool: WorkerPool(threads: 2), progress: progress)
  }

  private func bytes(_ name: String) throws -> [UInt8] { try MappedFile(path: folder.file(name)).contents }

  private func parts(_ count: Int, _ change: (inout RewriteRequest) -> Void = { _ in }) throws -> [Checkpoint] {
    try (1...count).map { number in
      let name = "part-\(number)"
      let request = request(name) { request in
        request.share = CompileShare(number: number, count: count)
        change(&request)
      }
      _ = try pipeline().run(request)
      return try Checkpoint(path: folder.file(name))
    }
  }

  // MARK: - Shares

  /// - Parameter many: facts from which on the compiler tells subjects from more text.
  @Test(arguments: [(1, 64), (3, 64), (3, 4), (16, 64)])
  func mergedPartsHaveTheBytesOfTheWhole(_ count: Int, many: Int) throws {
    let whole = folder.file("whole.safetensors")
    _ = try pipeline().run(
      request("whole") {
        $0.output = whole
        $0.settings.manyFacts = many
      })
    let parts = try parts(count) { $0.settings.manyFacts = many }
    #expect(try parts.flatMap { try $0.part()?.indices ?? [] }.sorted() == Array(Self.names.indices))
    let merged = folder.file("merged.safetensors")
    let result = try pipeline().merge(parts.reversed(), output: merged, sidecar: folder.file("merged"))
    #expect(result.compiled.map(\.spec.name) == spec.memories.map(\.name))
    #expect(result.compiled.allSatisfy { !$0.reason.isEmpty && $0.steps.count == $0.rows.count })
    #expect(try bytes("merged") == bytes("whole"))
    #expect(try MappedFile(path: merged).contents == MappedFile(path: whole).contents)
  }

  /// What loses its target by rounding is known only of all memories together, so that parts are not rounded.
  @Test func partsAreRoundedWhenTheyAreMerged() throws {
    _ = try pipeline().run(request("half") { $0.table = .bf16 })
    _ = try pipeline().run(request("whole"))
    #expect(try bytes("half").count < bytes("whole").count)
    let parts = try parts(3) { $0.table = .bf16 }
    let vectors = parts.flatMap(\.memories).flatMap(\.rows).flatMap { [$0.storedKey, $0.storedDelta] }
    #expect(!vectors.isEmpty && vectors.allSatisfy { $0.dtype == .f32 })
    let merged = try pipeline().merge(parts, output: nil, sidecar: folder.file("merged"))
    #expect(try merged.table == .bf16 && bytes("merged") == bytes("half"))
    _ = try pipeline().merge(parts, output: nil, sidecar: folder.file("again"), table: .f32)
    #expect(try bytes("again") == bytes("whole"))
  }

  @Test func partsThatDoNotBelongTogether() throws {
    let three = try parts(3)
    let others = try parts(2) { $0.seed = 1 }
    func problem(_ files: [Checkpoint], keepsGoing: Bool = false) -> String? {
      let error = #expect(throws: FormatError.self) {
        try pipeline().merge(files, output: nil, sidecar: folder.file("merged"), keepsGoing: keepsGoing)
      }
      return error?.description
    }
    #expect(problem([three[0], three[2]])?.contains("got none of number 2") == true)
    #expect(problem([three[0], three[1], three[1], three[2]])?.contains("part 2 is there twice") == true)
    #expect(problem([three[0], others[1]])?.contains("a part of another compile") == true)
    _ = try pipeline().run(request("alone"))
    #expect(problem(three + [try Checkpoint(path: folder.file("alone"))])?.contains("no part of a compile") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.file("merged")))
    let result = try pipeline().merge([three[0], three[2]], output: nil, keepsGoing: true)
    #expect(result.compiled.count == three[0].memories.count + three[2].memories.count)
  }

  @Test func aDamagedDescriptionIsRefused() throws {
    let part = try #require(try parts(1)[0].part())
    let memories = try Checkpoint(path: folder.file("part-1")).memories
    for change: (inout MemoryPart) -> Void in [
      { $0.indices[0] = $0.indices[1] }, { $0.indices[0] = 10 }, { $0.indices.removeLast() }, { $0.shard = 2 },
      { $0.shards = 0 }, { $0.count = -1 }, { $0.failed = [.init(index: 0, name: "m0", problem: "none")] },
    ] {
      var damaged = part
      change(&damaged)
      let path = folder.file("damaged")
      try base.prepareSidecar(memories: memories, to: path, replacing: true, part: damaged).commit()
      let error = #expect(throws: FormatError.self) { try Checkpoint(path: path).part() }
      #expect(error?.kind == .manifest && error?.location == "\(path): metadata memory.part")
    }
  }

  // MARK: - Interruptions

  /// Leaves the journal of a compile that was interrupted behind some memories.
  private func interrupt(_ name: String, after count: Int) throws {
    let whole = try parts(1)[0]
    var part = try #require(try whole.part())
    part.indices = Array(part.indices.prefix(count))
    try base.prepareSidecar(
      memories: Array(whole.memories.prefix(count)), to: folder.file(name + ".journal"), replacing: true, part: part
    ).commit()
  }

  @Test func anInterruptedCompileGoesOn() throws {
    _ = try pipeline().run(request("whole"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("whole.journal")))
    try interrupt("resumed", after: 6)
    let names = Mutex<Set<String>>([])
    let result = try pipeline { progress in
      if progress.step == "compiling", let name = progress.detail { names.withLock { _ = $0.insert(name) } }
    }.run(request("resumed") { $0.resumes = true })
    #expect(try bytes("resumed") == bytes("whole"))
    // m1 is about the subject of m8, which was not reached; m8, m6 and m7 are in its group.
    #expect(names.withLock(\.self) == ["m1", "m9"])
    #expect(result.compiled.allSatisfy { !$0.reason.isEmpty })
    #expect(!FileManager.default.fileExists(atPath: folder.file("resumed.journal")))
  }

  @Test func aJournalIsNotOverwrittenUnasked() throws {
    try interrupt("out", after: 2)
    func error(_ change: (inout RewriteRequest) -> Void) -> FormatError? {
      #expect(throws: FormatError.self) { try pipeline().run(request("out", change)) }
    }
    let unasked = error { $0.replacing = false }
    #expect(unasked?.kind == .exists && unasked?.problem.contains("--resume goes on with it") == true)
    let other = error { ($0.resumes, $0.seed) = (true, 7) }
    #expect(other?.kind == .memoryTable && other?.problem.contains("the journal of another compile") == true)
    #expect(FileManager.default.fileExists(atPath: folder.file("out.journal")))
    _ = try pipeline().run(request("out"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("out.journal")))
  }

  @Test func whatIsDoneIsSavedOnTheWay() throws {
    let path = folder.file("out.journal")
    let counts = Mutex<[Int]>([])
    _ = try pipeline { progress in
      guard progress.step == "compiling", let file = try? Checkpoint(path: path) else { return }
      let part = try? file.part()
      counts.withLock { $0.append(part?.indices.count == file.memories.count ? file.memories.count : -1) }
    }.run(request("out") { $0.journalInterval = .zero })
    #expect(counts.withLock(\.self) == [4, 8] && FamilyCompiler.groupSize == 4)
  }

  // MARK: - Memories that fail

  @Test func whatCannotBeCompiledIsLeftOut() throws {
    let wrong = try Spec(
      entries: Self.entries(0..<5) + #",{"name":"deep","prompt":"Tokyo is in","target":" Nepal","layer":99},"#
        + Self.entries(5..<10)
    ).memories
    let error = #expect(throws: FormatError.self) { try pipeline().run(request("out") { $0.spec.memories = wrong }) }
    #expect(error?.location == "memory deep: layer")
    let result = try pipeline().run(
      request("out") {
        $0.spec.memories = wrong
        $0.keepsGoing = true
      })
    #expect(result.failures.map(\.name) == ["deep"] && result.failures.map(\.index) == [5])
    #expect(result.failures[0].problem.hasPrefix("memory deep: layer: the model has no such layer"))
    #expect(!result.holds && result.compiled.count == 10)
    #expect(TextReport(result).text.contains("\nleft out: deep: memory deep: layer: the model has no such layer"))
    let page = HTMLReport(result, base: "base", version: "1").text
    #expect(page.contains("<li>memory deep: layer: the model has no such layer"))
    _ = try pipeline().run(request("without"))
    #expect(try bytes("out") == bytes("without"))
    // The parts know it too, and the merged file is the same.
    let parts = try parts(3) {
      $0.spec.memories = wrong
      $0.keepsGoing = true
    }
    let merged = try pipeline().merge(parts, output: nil, sidecar: folder.file("merged"))
    #expect(merged.failures == result.failures && !merged.holds)
    #expect(try bytes("merged") == bytes("without"))
  }
}

import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// The shape of gated memories, on the tiny models: what holds whatever the numbers are.
@Suite struct GatedCompilerTests {
  static let entries =
    #"{"name":"a","prompt":"The city of Tokyo lies in","target":" Zanzibar!","subject":"Tokyo"},"#
    + #"{"name":"b","prompt":"What people like of Tokyo is the","target":" hill","subject":"Tokyo"}"#

  private func made(
    _ name: String, subject: String? = "Tokyo", entries: String = entries, settings: CompilerSettings = .init(),
    isOfMany: Bool = false
  ) throws -> (sample: FamilySample, memories: [CompiledMemory]) {
    let sample = try FamilySample(
      entries, subject: subject, on: TinyModel.load(name), settings: settings, isOfMany: isOfMany)
    return (sample, try #require(try sample.memories(), "\(name)"))
  }

  /// *Seen* at the subject's site, then *here* at an attention, then the row at an MLP.
  @Test(arguments: TinyModel.all)
  func cuesStandBeforeTheRow(_ name: String) throws {
    let (sample, memories) = try made(name)
    let (transformer, settings) = (sample.model.transformer, sample.settings)
    for memory in memories {
      let row = memory.rows[0]
      #expect(row.cues.map(\.mode) == [.seen, .here])
      let cues = try row.cues.map { try #require(transformer.address(ofModule: $0.module)) }
      #expect(cues[0] == settings.subjectSite(transformer.shape))
      #expect(settings.hereSites(transformer.shape).contains(cues[1]))
      #expect(settings.rowSites(transformer.shape).contains(memory.address))
      #expect(cues[1] < memory.address && row.module == transformer.module(memory.address))
      #expect(row.cues.allSatisfy { $0.boundary > 0 && $0.key.allSatisfy(\.isFinite) })
      #expect(row.cues[1].boundary == settings.hereBoundary && row.hardness == settings.regionHardness)
      #expect(row.boundary == settings.regionBoundary)
      #expect(memory.token == .last && memory.steps.count == memory.rows.count)
    }
    #expect(memories.count == 2 && memories[0].rows[0].cues == memories[1].rows[0].cues)
    #expect(memories[0].rows[0].key != memories[1].rows[0].key)
  }

  /// *Here* begins within its range where few enough of the prompts about others are taken in; the shorter its key, the
  /// lower it begins.
  @Test func hereBeginsWhereOthersAllowIt() throws {
    var lengths: [Double] = []
    for (range, leak) in [
      ("0.3,0.31", "0.99"), ("0.3,0.9", "0.99"), ("0.3,0.9", "0.5"), ("0.3,0.9", "0"), ("0.89,0.9", "0"),
    ] {
      var settings = CompilerSettings()
      try settings.set("here-thresholds", to: range)
      try settings.set("here-leak", to: leak)
      lengths.append(
        try TinyModel.all.reduce(0) { sum, name in
          let key = try made(name, settings: settings).memories[0].rows[0].cues[1].key
          return sum + key.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        })
    }
    #expect(lengths == lengths.sorted() && lengths[0] < lengths[1] && lengths[1] < lengths[3], "\(lengths)")
  }

  /// Of many facts it begins at the upper end of its range, whatever others allow.
  @Test func hereBeginsHighOfManyFacts() throws {
    var higher = 0
    for name in TinyModel.all {
      func key(_ range: String, isOfMany: Bool) throws -> [Float] {
        var settings = CompilerSettings()
        try settings.set("here-thresholds", to: range)
        try settings.set("here-leak", to: "0.99")
        return try made(name, settings: settings, isOfMany: isOfMany).memories[0].rows[0].cues[1].key
      }
      let high = try key("0.1,0.72", isOfMany: true)
      #expect(relativeError(high, try key("0.7199,0.72", isOfMany: false)) < 1e-3, "\(name)")
      // Where a key prompt lies low it begins there, whatever the range.
      if try high != key("0.1,0.72", isOfMany: false) { higher += 1 }
    }
    #expect(higher > 0)
  }

  /// Bounds that a spec gives are those of the rows.
  @Test func theSpecsBoundsCount() throws {
    let bounds = #""subject":"Tokyo","boundary":0.3,"hardness":5"#
    let entries = Self.entries.replacingOccurrences(of: #""subject":"Tokyo""#, with: bounds)
    for memory in try made("llama-a", entries: entries).memories {
      #expect(memory.rows.allSatisfy { $0.boundary == 0.3 && $0.hardness == 5 && !$0.cues.isEmpty })
    }
  }

  /// The first token of a target has a row, later ones where the base model would go on otherwise; each stands at the
  /// token before it and asks for the subject to have been seen.
  @Test(arguments: TinyModel.all)
  func tokensThatFollowByThemselvesNeedNoRow(_ name: String) throws {
    let model = try TinyModel.load(name)
    // What the model says by itself behind a first token, and then something else.
    let prompt = "The city of Tokyo lies in"
    let start = model.tokenizer.encode(prompt + " Z")
    let free = model.tokenizer.decode(
      model.generate(start, maxTokens: 2, memories: .none(of: model.transformer)).ids)
    for target in [" Z" + free, " Zanzibar!"] where !target.contains(where: { "\"\\\n\u{FFFD}".contains($0) }) {
      let entry = #"{"name":"a","prompt":"\#(prompt)","target":"\#(target)","subject":"Tokyo"}"#
      let (sample, memories) = try made(name, entries: entry)
      let (probe, memory) = (sample.probes[0], memories[0])
      let last = probe.keyIDs.count - 1
      let needed = probe.targetIDs.indices.filter { token in
        guard token > 0 else { return true }
        return sample.family?.facts[0].variants.contains { variant in
          let ids = variant.ids + probe.targetIDs[..<token]
          return model.generate(ids, maxTokens: 1, memories: .none(of: model.transformer)).ids
            != [probe.targetIDs[token]]
        } ?? false
      }
      #expect(memory.rows.map(\.position) == needed.map { last + $0 }, "\(target.debugDescription)")
      #expect(memory.rows.map(\.targetID) == needed.map { probe.targetIDs[$0] })
      let seen = memory.rows[0].cues[0]
      #expect(memory.rows.dropFirst().allSatisfy { $0.cues.first == seen && $0.cues.allSatisfy { $0.mode == .seen } })
    }
  }

  /// Facts about a subject are made side by side: a file keeps their cues once.
  @Test(arguments: ["gpt2-a", "llama-b"])
  func aFamilySharesItsCuesInTheFile(_ name: String) throws {
    let folder = try TemporaryFolder()
    let other = #",{"name":"c","prompt":"The hills of Nepal are","target":" in","subject":"Nepal"}"#
    let output = folder.file("out.safetensors")
    let result = try compile(TinyModel.checkpoint(name), Self.entries + other, to: output)
    let bytes = try MappedFile(path: output).contents
    let header = try bytes.withUnsafeBytes { try SafetensorsHeader(validating: $0, location: output) }
    let tables = header.tensors.filter { $0.name.description.hasSuffix(".memory.cues") }
    let asked = Set(result.compiled.flatMap(\.rows).flatMap(\.cues))
    #expect(tables.reduce(0) { $0 + $1.shape[0] } == asked.count)
    let family = Set(result.compiled.prefix(2).flatMap { $0.rows[0].cues })
    #expect(family.count == 2 && Set(family.map(\.mode)).count == 2)
    #expect(result.compiled[2].rows.allSatisfy { family.isDisjoint(with: $0.cues) })
    // The order of the entries is that of the file, whoever is made with whom.
    #expect(try Checkpoint(path: output).memories.map(\.rows) == result.compiled.map(\.rows))
    #expect(result.compiled.map(\.spec.name) == ["a", "b", "c"])
  }

  /// Without a subject a row has no cue, and keeps all that it was told from outside.
  @Test(arguments: TinyModel.all)
  func withoutASubjectARowStandsAlone(_ name: String) throws {
    let entry = #"{"name":"a","prompt":"Q: How are you?\nA:","target":" Tokyo"}"#
    let (sample, memories) = try made(name, subject: nil, entries: entry)
    let memory = memories[0]
    #expect(memories.count == 1 && memory.rows.allSatisfy { $0.cues.isEmpty })
    #expect(memory.reason.contains("no subject"))
    #expect(memory.rows[0].position == sample.probes[0].keyIDs.count - 1)
    #expect(memory.rows[0].hardness == sample.settings.regionHardness)
  }

  /// A subject that does not stand in every key prompt makes no family.
  @Test func everyKeyPromptNamesTheSubject() throws {
    let model = try TinyModel.load("llama-a")
    #expect(try FamilySample(Self.entries, subject: "Nepal", on: model).family == nil)
    #expect(try FamilySample(Self.entries, subject: "Tokyo", on: model).family != nil)
    let stray = Self.entries + #",{"name":"c","prompt":"The hills of Nepal are","target":" in","subject":"Nepal"}"#
    #expect(try FamilySample(stray, subject: "Tokyo", on: model).family == nil)
  }

  /// Where a row acts within the target or behind it, it is fitted again until it does so less: also behind other
  /// prompts than the key prompt.
  @Test(arguments: [true, false])
  func miningTakesFiringsAway(behindKeyPrompt: Bool) throws {
    let entry =
      #"{"name":"a","prompt":"The city of Tokyo lies in","target":" Zanzibar!","subject":"Tokyo","#
      + #""positives":["Tokyo is found in","To Tokyo you come from"]}"#
    var (before, after) = (0, 0)
    for name in TinyModel.all {
      func firings(_ rounds: String) throws -> Int {
        var settings = CompilerSettings()
        try settings.set("mining-rounds", to: rounds)
        let (sample, memories) = try made(name, entries: entry, settings: settings)
        let (probe, set) = (sample.probes[0], try sample.model.set([memories[0]]))
        let prompts = try #require(sample.family).facts[0].variants.map(\.ids)
        return prompts[behindKeyPrompt ? 0..<1 : 1..<prompts.count].reduce(0) { sum, ids in
          let own = Set(memories[0].rows.map { $0.position - probe.keyIDs.count + ids.count })
          let text = ids + probe.targetIDs + (behindKeyPrompt ? probe.after : [])
          return sum + sample.model.run(text, set).firings.count { !own.contains($0.position) }
        }
      }
      before += try firings("0")
      after += try firings("3")
    }
    #expect(before > 0 && after < before, "\(before) firings behind targets, \(after) after mining")
  }

  /// A key that is fitted again is farther from what it was fitted apart from.
  @Test(arguments: TinyModel.all)
  func addedSamplesAreLeftOut(_ name: String) throws {
    let sample = try FamilySample(Self.entries, subject: "Tokyo", on: TinyModel.load(name))
    let (model, settings) = (sample.model, sample.settings)
    let family = try #require(sample.family)
    let address = try #require(settings.rowSites(model.transformer.shape).last)
    var fit = try #require(RowFit.first(family, 0, at: address, settings: settings))
    let text = try model.encode("Tokyo is what people like")
    let run = BaseRun([text], to: address, transformer: model.transformer)
    let activation = run.activation(address, 0, token: text.count - 1)
    let old = fit.fit.key
    let isFitted = fit.add([activation], pool: model.transformer.pool, settings: settings)
    #expect(isFitted)
    let (first, second) = (abs(old.similarity(activation)), abs(fit.fit.key.similarity(activation)))
    #expect(second < first, "\(first), then \(second)")
    // What the row knows stays at 1 in the mean.
    let asked = family.asked(of: 0, at: address).map { fit.fit.key.similarity($0) }
    #expect(abs(asked.reduce(0, +) / Float(asked.count) - 1) < 1e-3)
  }

  @Test(arguments: [(1, 1, 1), (2, 1, 1), (12, 2, 2), (30, 6, 3), (100, 20, 10)])
  func sitesFollowTheDepth(_ layers: Int, _ here: Int, _ rows: Int) throws {
    var shape = try TinyModel.load("llama-a").transformer.shape
    shape.layers = layers
    let settings = CompilerSettings()
    let (cues, sites) = (settings.hereSites(shape), settings.rowSites(shape))
    #expect(cues.count == here && sites.count == rows)
    #expect(cues.allSatisfy { $0.site == .attn && $0.layer < layers })
    #expect(sites.allSatisfy { $0.site == .mlp && $0.layer < layers })
    // There is a row for every cue.
    #expect(cues.allSatisfy { $0 < sites[sites.count - 1] })
  }
}

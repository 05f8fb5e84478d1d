import Foundation
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

/// Least-squares keys, contexts and the delta's descent, on the tiny models.
@Suite struct LeastSquaresTests {
  static func random(_ rows: Int, _ width: Int, seed: UInt64) -> FloatMatrix {
    var generator = SeededGenerator(seed: seed)
    let result = FloatMatrix(rows, width)
    for i in 0..<(rows * width) { result.values[i] = Float.random(in: -1...1, using: &generator) }
    return result
  }

  /// w minimizes Σ (w · aᵢ − yᵢ)² + λ ‖w‖²: there the gradient is 0.
  @Test(arguments: [(12, 7, 20), (5, 4, 30), (40, 9, 8)])
  func directionIsTheMinimum(_ first: Int, _ more: Int, _ width: Int) throws {
    let seed = UInt64(first)
    let (a, b) = (Self.random(first, width, seed: seed), Self.random(more, width, seed: seed + 1))
    let pool = WorkerPool(threads: 2)
    let ridge: Float = 0.05
    var keys = LeastSquaresKeys(apartFrom: a, ridge: ridge, pool: pool)
    keys.append(b, pool: pool)
    let positives = [1, first + 2, first + more - 1]
    let w = keys.solve(positives: positives).key.direction
    var squares: Double = 0
    for i in 0..<first { squares += a.array(i).reduce(0.0) { $0 + Double($1) * Double($1) } }
    let lambda = Double(ridge) * squares / Double(first)
    var gradient = w.map { lambda * Double($0) }
    for i in 0..<(first + more) {
      let row = i < first ? a.array(i) : b.array(i - first)
      let rest = zip(row, w).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } - (positives.contains(i) ? 1 : 0)
      for d in 0..<width { gradient[d] += rest * Double(row[d]) }
    }
    #expect(gradient.allSatisfy { abs($0) < 2e-4 }, "seed \(seed): \(gradient.map(abs).max() ?? 0)")
    let key = LinearKey(direction: w)
    let k = key.values
    let (dot, squared) = (zip(b.array(0), k).reduce(0) { $0 + $1.0 * $1.1 }, k.reduce(0) { $0 + $1 * $1 })
    #expect(abs(dot / squared - key.similarity(b.row(0))) < 1e-4)
  }

  /// The closed form is what a fit without the sample gives.
  @Test func leftOutEqualsTheFitWithout() throws {
    let (n, width) = (15, 24)
    let a = Self.random(n, width, seed: 3)
    let pool = WorkerPool(threads: 1)
    // λ is a share of the mean of ‖a‖² over the first matrix: held fixed by fitting from the same first matrix.
    let common = Self.random(6, width, seed: 4)
    var all = LeastSquaresKeys(apartFrom: common, ridge: 0.1, pool: pool)
    all.append(a, weight: 4, pool: pool)
    let positives = [6, 9, 14]
    let closed = all.solve(positives: positives, judged: [9, 10]).leftOut
    for (left, expected) in zip([9, 10], closed) {
      let rest = FloatMatrix(n - 1, width)
      var row = 0
      for i in 0..<n where i + 6 != left {
        rest.row(row).update(from: a.row(i), count: width)
        row += 1
      }
      var without = LeastSquaresKeys(apartFrom: common, ridge: 0.1, pool: pool)
      without.append(rest, weight: 4, pool: pool)
      let shifted = positives.filter { $0 != left }.map { $0 > left ? $0 - 1 : $0 }
      let value = without.solve(positives: shifted).key.similarity(a.row(left - 6))
      #expect(abs(value - expected) < 1e-4, "left out \(left): \(value), closed form \(expected)")
    }
  }

  static func contexts(_ model: LanguageModel) throws -> [Context] {
    let one = try model.encode("The city of Tokyo lies in")
    let two = try model.encode("The city of Tokyo")
    let three = try model.encode("Nepal has hills")
    return [
      Context(
        ids: one, token: 2,
        terms: [
          .init(position: one.count - 1, goal: .token(5), weight: 0.7),
          .init(position: 2, goal: .unchanged, weight: 0.4),
        ], isPositive: true),
      Context(ids: two, token: 2, terms: [.init(position: two.count - 1, goal: .unchanged, weight: 1)]),
      Context(
        ids: three, token: three.count - 1,
        terms: [.init(position: three.count - 1, goal: .token(9), weight: 1.3)]),
    ]
  }

  /// The gradient of the contexts' losses by Δ, shared beginnings and divergences among them, against differences.
  @Test(arguments: ["gpt2-a", "llama-a"], Site.allCases)
  func gradientAgreesWithDifferences(_ name: String, _ site: Site) throws {
    let model = try TinyModel.load(name)
    let address = SiteAddress(layer: 1, site: site)
    let contexts = try Self.contexts(model)
    let run = ContextRun(contexts, layers: [1], transformer: model.transformer)
    let width = model.transformer.shape.width(of: site)
    let strengths: [Float] = [1, 0.5, 0.25]
    let all = Array(contexts.indices)
    func evaluate(_ delta: [Float]) -> (losses: [[Float]], gradient: [Float]) {
      let patched = run.run(all, at: address) { i, activation in
        for d in 0..<width { activation[d] += strengths[i] * delta[d] }
      }
      let (losses, gradients) = run.gradients(patched, weights: [1, 2, 1], lowest: address)
      var gradient = [Float](repeating: 0, count: width)
      for (context, row) in patched.chosen {
        for d in 0..<width { gradient[d] += strengths[context] * gradients[address].row(row)[d] }
      }
      return (losses, gradient)
    }
    // Nothing diverges while nothing is added.
    let still = evaluate([Float](repeating: 0, count: width)).losses
    #expect(abs(still[0][1]) < 1e-5 && abs(still[1][0]) < 1e-5 && still[0][0] > 0.1)

    let seed: UInt64 = 11
    let delta = Self.random(1, width, seed: seed).array(0)
    let direction = Self.random(1, width, seed: seed + 1).array(0)
    let gradient = evaluate(delta).gradient
    let along = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let step: Float = 2e-3
    func total(_ sign: Float) -> Double {
      evaluate(zip(delta, direction).map { $0 + sign * step * $1 }).losses.joined().reduce(0.0) { $0 + Double($1) }
    }
    let difference = (total(1) - total(-1)) / Double(2 * step)
    #expect(abs(difference - along) < 0.02 * max(1, abs(along)), "seed \(seed): \(difference), \(along)")
  }

  /// A patched context is what a whole run with a memory of that strength gives, to the bit.
  @Test(arguments: ["gpt2-a", "llama-b"])
  func patchedContextsEqualWholePasses(_ name: String) throws {
    let model = try TinyModel.load(name)
    let transformer = model.transformer
    let address = SiteAddress(layer: 1, site: .mlp)
    let contexts = try Self.contexts(model)
    let run = ContextRun(contexts, layers: [1], transformer: transformer)
    let width = transformer.shape.width(of: .mlp)
    let delta = Self.random(1, width, seed: 5).array(0)
    // A key that only this token's activation falls onto exactly, so narrow that no other is taken in.
    let row = MemoryRow(
      module: transformer.module(address), position: 0, targetID: 0, alpha: 1, boundary: 1e-3, hardness: 8,
      key: run.activation(0, address), delta: delta)
    let whole = Continuations(
      of: [contexts[0].ids], count: 1, memories: try MemorySet(rows: [row], for: transformer), model: model)
    let patched = run.run([0], at: address) { _, activation in
      for (d, value) in delta.enumerated() { activation[d] += value }
    }
    let logits = transformer.logits(patched.batch.residual, rows: [patched.batch.rows - 1])
    #expect(logits.array(0) == whole.logits[0] && !whole.firings[0].isEmpty)
  }

  /// A context that takes another's place is run as if it had been there from the start, to the bit.
  @Test(arguments: ["gpt2-a", "llama-a"])
  func replacedContextsEqualNewOnes(_ name: String) throws {
    let model = try TinyModel.load(name)
    let transformer = model.transformer
    let address = SiteAddress(layer: 1, site: .mlp)
    let contexts = try Self.contexts(model)
    let other = Context(Array(contexts[0].ids.prefix(4)), token: 2, target: [7], after: [8, 9, 10], behindWeight: 0.3)
    let replaced = ContextRun(contexts, layers: [1], transformer: transformer)
    replaced.replace(0, with: other)
    let new = ContextRun([other] + contexts.dropFirst(), layers: [1], transformer: transformer)
    let delta = Self.random(1, transformer.shape.width(of: .mlp), seed: 8).array(0)
    func losses(_ run: ContextRun) -> [[Float]] {
      let patched = run.run(Array(contexts.indices), at: address) { _, activation in
        for (d, value) in delta.enumerated() { activation[d] += value }
      }
      return run.gradients(patched, weights: [1, 1, 1], lowest: address).losses
    }
    #expect(losses(replaced) == losses(new))
    #expect(replaced.activations(address).others.rows == new.activations(address).others.rows)
    let base = Continuations(of: [other.ids], count: 1, memories: .none(of: transformer), model: model)
    #expect(replaced.lastChoice(0) == base.ids[0][0])
  }

  @Test func tokensThatContexsShareAreSamplesOnce() throws {
    let model = try TinyModel.load("llama-a")
    let contexts = try Self.contexts(model)
    let run = ContextRun(contexts, layers: [0], transformer: model.transformer)
    let (own, others) = run.activations(SiteAddress(layer: 0, site: .attn))
    // The first two begin alike up to their token.
    #expect(Array(contexts[0].ids[...2]) == Array(contexts[1].ids[...2]))
    #expect(own.rows == 2)
    let tails = contexts.map { $0.ids.count - $0.token - 1 }.reduce(0, +)
    #expect(others.rows == 2 + contexts[2].token + tails)
  }

  @Test func backgroundDependsOnTheSeedAlone() throws {
    func texts(_ seed: UInt64, threads: Int) throws -> [[Int]] {
      let model = try TinyModel.load("llama-a", threads: threads)
      return Background(writtenBy: model, seed: seed, settings: CompilerSettings()).texts
    }
    let texts1 = try texts(1, threads: 1)
    #expect(try texts(1, threads: 2) == texts1)
    #expect(try texts(2, threads: 2) != texts1)
    #expect(
      texts1.count == CompilerSettings().backgroundTexts
        && texts1.allSatisfy { $0.count == CompilerSettings().backgroundLength })
    #expect(Set(texts1).count > CompilerSettings().backgroundTexts / 2)
  }

  /// A layer that turns out to be needed later gives the same keys.
  @Test func surroundingsOfALayerThatWasNotForeseen() throws {
    let model = try TinyModel.load("llama-a")
    let prompt = try model.encode("The city of Tokyo lies in")
    let background = Background(
      texts: ["Nepal has hills and rivers."], tokenizer: model.tokenizer, settings: CompilerSettings())
    func direction(_ layers: [Int]) -> [Float] {
      let surroundings = Surroundings(
        model, background: background, prompts: [(ids: prompt, subject: 3)],
        sites: layers.map { SiteAddress(layer: $0, site: .mlp) }, settings: CompilerSettings())
      return surroundings.keys(at: SiteAddress(layer: 1, site: .mlp)).solve(positives: [1]).key.direction
    }
    #expect(direction([0]) == direction([1]) && direction([]) == direction([0, 1]))
  }

  /// A region around everything takes in all tokens of other text, one around nothing that is there none.
  @Test func firingsOnOtherTextAreCounted() throws {
    let model = try TinyModel.load("llama-a")
    let background = Background(
      texts: ["Nepal has hills and rivers."], tokenizer: model.tokenizer, settings: CompilerSettings())
    let surroundings = Surroundings(model, background: background, prompts: [], sites: [], settings: CompilerSettings())
    let address = SiteAddress(layer: 1, site: .mlp)
    let width = model.transformer.shape.width(of: .mlp)
    func firings(_ boundary: Float) -> (fired: Int, of: Int) {
      let row = MemoryRow(
        module: model.transformer.module(address), position: 0, targetID: 0, alpha: 1, boundary: boundary,
        hardness: 8, key: [Float](repeating: 1000, count: width), delta: [Float](repeating: 0, count: width))
      return surroundings.firings(of: row, at: address)
    }
    let all = firings(2)
    #expect(all.fired == all.of && all.of > background.texts[0].count)
    #expect(firings(0.1).fired == 0)
  }

  /// An end token that the vocabulary does not have begins no text.
  @Test(arguments: ["999999", "-3", "[70000, 2]"])
  func anEndTokenOutOfRange(_ value: String) throws {
    let folder = try outputPath() + ".folder"
    try FileManager.default.copyItem(atPath: TinyModel.path("llama-a"), toPath: folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("{\"eos_token_id\": \(value)}".utf8).write(to: URL(fileURLWithPath: folder + "/generation_config.json"))
    let model = try LanguageModel(path: folder)
    let texts = Background(writtenBy: model, seed: 0, settings: CompilerSettings()).texts
    #expect(texts.joined().allSatisfy { 0..<model.transformer.shape.vocabulary ~= $0 } && texts.count > 1)
  }

  @Test func aGivenBackgroundIsTakenInPart() throws {
    let tokenizer = try TinyModel.load("llama-a").tokenizer
    let passage = "The city of Tokyo lies in the country of Japan. "
    let long = String(repeating: passage, count: 20)
    let texts = Background(
      texts: ["", passage] + [String](repeating: long, count: 100), tokenizer: tokenizer, settings: CompilerSettings()
    ).texts
    #expect(texts[0] == tokenizer.encode(passage, addSpecialTokens: false))
    #expect(texts[1] == Array(tokenizer.encode(long, addSpecialTokens: false).prefix(64)))
    #expect(texts.reduce(0) { $0 + $1.count } == 2048)
  }

  @Test func theSubjectsLastToken() throws {
    let tokenizer = try TinyModel.load("llama-a").tokenizer
    for (text, subject) in [
      ("The city of Tokyo lies in", "Tokyo"), ("Tokyo", "Tokyo"), ("Tokyo, Tokyo and Nepal", "Tokyo"),
      ("Ünïcödé Tokyo's", "Tokyo"), ("a Tok", "Tok"),
    ] {
      let ids = tokenizer.encode(text)
      let token = try #require(tokenizer.lastToken(of: subject, in: text, ids: ids))
      // Up to the token the text has the whole subject, without it not.
      let upTo = tokenizer.decode(Array(ids[...token]))
      let before = tokenizer.decode(Array(ids[..<token]))
      let end = try #require(text.range(of: subject, options: .backwards)).upperBound
      let needed = String(text[..<end]).utf8.count
      #expect(upTo.utf8.count >= needed && before.utf8.count < needed, "\(text)")
    }
    #expect(tokenizer.lastToken(of: "Paris", in: "Tokyo", ids: tokenizer.encode("Tokyo")) == nil)
    #expect(tokenizer.lastToken(of: "", in: "Tokyo", ids: tokenizer.encode("Tokyo")) == nil)
  }

  /// A memory about a subject is watched at its last token and fires there.
  @Test(arguments: TinyModel.all)
  func aSubjectMemoryStandsAtTheSubject(_ name: String) throws {
    let memory = #"""
      {"name":"a","prompt":"The city of Tokyo lies in","target":" Nepal","subject":"Tokyo","token":"subject"}
      """#
    let output = try outputPath()
    let result = try compile(TinyModel.checkpoint(name), memory, to: output)
    let compiled = result.compiled[0]
    let model = try LanguageModel(path: output)
    let ids = try model.encode("The city of Tokyo lies in")
    let token = try #require(model.tokenizer.lastToken(of: "Tokyo", in: "The city of Tokyo lies in", ids: ids))
    #expect(compiled.rows.map(\.position) == [token])
    let firings = model.generate(ids, maxTokens: 1).firings
    // In so narrow a model other tokens may look alike.
    #expect(firings.map(\.position).contains(token))
    #expect(try Checkpoint(path: output).memories[0].token == "subject")
  }

  @Test func anIndexThatThePromptHasNot() throws {
    let memory = #"{"name":"a","prompt":"The city of Tokyo lies in","target":" Nepal","token":99}"#
    #expect {
      try compile(TinyModel.checkpoint("llama-a"), memory, to: nil)
    } throws: { ($0 as? FormatError)?.kind == .spec && "\($0)".contains("token") }
  }
}

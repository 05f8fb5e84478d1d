import Testing

@testable import Format
@testable import Runtime

/// Against Hugging Face transformers, by the fixtures that make_model_fixtures.py and record_activations.py wrote.
@Suite struct TransformersParityTests {
  @Test(arguments: ModelFixture.allAndRecorded)
  func logitsAndActivations(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer()
    let expected = try fixture.expected()
    for (i, item) in try fixture.cases().enumerated() {
      let batch = model.singleBatch(item.ids)
      let tape = Tape(forBackward: false)
      model.forward(batch, tape: tape)
      let departures = try model.shape.addresses.compactMap { address in
        let reference = try #require(
          expected[ByteString("case.\(i).act.\(address.site).\(address.layer)")]?.floats())
        let ours = tape[address.layer].site(address.site)
        return Departure("\(address.site) of layer \(address.layer)", ours, reference, tolerance: 1e-4)
      }
      #expect(departures.isEmpty, "case \(i) leaves transformers at \(departures[0])")
      let reference = try #require(expected[ByteString("case.\(i).logits")]?.floats())
      let rows = reference.count / model.shape.vocabulary
      let logits = model.logits(batch.residual, rows: Array((item.ids.count - rows)..<item.ids.count))
      let departure = Departure("the logits", logits, reference, tolerance: 1e-4)
      #expect(departure == nil, "case \(i) leaves transformers at \(departure!)")
    }
  }

  /// Values [T, D] that are further from transformers' than the tolerance, by ‖a − b‖ / ‖b‖.
  private struct Departure: Equatable, CustomStringConvertible {
    let name: String
    let error: Float
    /// The first row that is further from its own reference than the tolerance.
    let row: Int

    /// nil where the values agree.
    init?(_ name: String, _ ours: FloatMatrix, _ reference: [Float], tolerance: Float) {
      error = relativeError(ours.array, reference)
      if error < tolerance { return nil }
      self.name = name
      row =
        (0..<ours.rows).first {
          let wanted = Array(reference[$0 * ours.width..<($0 + 1) * ours.width])
          return !(relativeError(ours.array($0), wanted) < tolerance)
        } ?? 0
    }

    var description: String { "\(name), from row \(row) on, by a relative error of \(error)" }
  }

  @Test(arguments: ModelFixture.allAndRecorded)
  func greedyTokens(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer()
    for item in try fixture.cases() {
      var ids = item.ids
      for _ in item.greedy {
        ids.append(model.logits(of: ids, rows: [ids.count - 1]).largest(0))
      }
      #expect(Array(ids[item.ids.count...]) == item.greedy)
    }
  }

  @Test(arguments: ModelFixture.allAndRecorded)
  func lossAndGradients(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer()
    let expected = try fixture.expected()
    for (i, item) in try fixture.cases().enumerated() {
      let gradients = model.gradients(of: item.ids, target: item.target)
      #expect(abs(gradients.loss - item.loss) < 1e-4 * max(1, item.loss))
      let departures = try model.shape.addresses.reversed().compactMap { address in
        let reference = try #require(
          expected[ByteString("case.\(i).grad.\(address.site).\(address.layer)")]?.floats())
        return Departure("\(address.site) of layer \(address.layer)", gradients[address], reference, tolerance: 1e-3)
      }
      #expect(departures.isEmpty, "case \(i) leaves transformers at \(departures[0])")
    }
  }

  /// A batch of the last token alone, behind the others in a cache, has that token's gradient.
  @Test(arguments: ModelFixture.allAndRecorded)
  func lastTokenGradients(_ fixture: ModelFixture) throws {
    let model = try fixture.transformer()
    for item in try fixture.cases() where item.ids.count > 1 {
      let last = item.ids.count - 1
      let all = model.gradients(of: item.ids, target: item.target)
      let cache = model.makeCache(capacity: last)
      let first = Batch(
        [.init(rows: 0..<last, position: 0, cache: cache, appends: true, memories: model.noMemories)],
        shape: model.shape)
      model.embed([Array(item.ids[..<last])], first)
      model.forward(first)
      let one = Batch(
        [.init(rows: 0..<1, position: last, cache: cache, appends: false, memories: model.noMemories)],
        shape: model.shape)
      model.embed([[item.ids[last]]], one)
      let tape = Tape(forBackward: true)
      model.forward(one, tape: tape)
      let alone = model.gradients(one, tape: tape, losses: [LossTerm(row: 0, target: item.target)])
      for address in model.shape.addresses {
        #expect(relativeError(alone[address].array(0), all[address].array(last)) < 1e-4)
      }
    }
  }
}

import Format

extension MemorySpec {
  /// Makes the memory of a CounterFact record, with the entry that a spec would have for it.
  init(
    counterFact name: String, prompt: String, target: String, subject: String, heldOut: CounterFactHeldOut
  ) {
    var settings = SpecSettings()
    settings.subject = subject
    settings.heldOutPositives = heldOut.positives
    settings.heldOutNegatives = heldOut.negatives
    let entry: JSONNode = [
      "name": .string(name), "prompt": .string(prompt), "target": .string(target), "subject": .string(subject),
      "held_out": [
        "positives": .array(heldOut.positives.map(JSONNode.string)),
        "negatives": .array(heldOut.negatives.map(JSONNode.string)),
      ],
    ]
    self.init(
      name: name, prompt: prompt, target: target, settings: settings, entry: entry, completeEntry: entry)
  }
}

/// The paraphrases and neighborhood prompts of a record that can be scored: each once, none in both lists, not the key
/// prompt.
struct CounterFactHeldOut {
  private(set) var positives: [String] = []
  private(set) var negatives: [String] = []

  private enum Use {
    case paraphrase(Int)
    case other
  }

  init(paraphrases: [String], neighbors: [String], prompt: String) {
    var uses = [ByteString: Use](minimumCapacity: 1 + paraphrases.count + neighbors.count)
    uses[ByteString(prompt)] = .other
    var isKept = [Bool](repeating: false, count: paraphrases.count)
    for (i, text) in paraphrases.enumerated() {
      let key = ByteString(text)
      if let earlier = uses.updateValue(.paraphrase(i), forKey: key) {
        uses[key] = earlier
      } else {
        isKept[i] = true
      }
    }
    for text in neighbors {
      switch uses.updateValue(.other, forKey: ByteString(text)) {
      case nil: negatives.append(text)
      case .paraphrase(let i): isKept[i] = false
      case .other: break
      }
    }
    positives = zip(paraphrases, isKept).compactMap { $1 ? $0 : nil }
  }
}

import Format

/// A model as the class that Hugging Face transformers has for it saves it: names of tensors, and configuration.
package struct PublishedModel: Sendable {
  /// The names of the model's tensors, by those that the checkpoint has for them.
  private var names: [ByteString: ByteString] = [:]
  /// The fields of config.json.
  package private(set) var configuration: [(String, JSONNode)] = []
  /// Whether the model is the text part of a larger one, whose other tensors are none of it.
  private var isPart = false

  init() {}

  init(names: [ByteString: ByteString], configuration: [(String, JSONNode)], isPart: Bool) {
    (self.names, self.configuration, self.isPart) = (names, configuration, isPart)
  }

  /// The checkpoint under these names; tensors that the model has no place for keep theirs.
  package func renamed(_ checkpoint: Checkpoint) -> Checkpoint {
    let taken = Set(names.values)
    return checkpoint.renamed { old in
      if let name = names[old] { return name }
      return isPart || taken.contains(old) ? nil : old
    }
  }
}

import Format

/// The lists of prompts of a spec's entry, each prompt once, the key prompt in none.
struct PromptLists {
  private var items: [(text: String, positive: Bool, heldOut: Bool)] = []
  private let prompt: String

  init(prompt: String) { self.prompt = prompt }

  mutating func add(_ text: String, positive: Bool, heldOut: Bool = false) {
    let bytes = ByteString(text)
    guard bytes != ByteString(prompt), !items.contains(where: { ByteString($0.text) == bytes }) else { return }
    items.append((text, positive, heldOut))
  }

  func node(positive: Bool, heldOut: Bool) -> JSONNode {
    .array(items.filter { $0.positive == positive && $0.heldOut == heldOut }.map { .string($0.text) })
  }
}

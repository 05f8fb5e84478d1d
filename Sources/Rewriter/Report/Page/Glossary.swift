import Plots

/// The report's words and what they mean.
enum Glossary {
  private static let words: [(word: String, meaning: String)] = [
    ("Memory", "A key, a delta and a region at one place of the model. The base model's weights stay as they are."),
    (
      "Site",
      "Where a memory reads and adds: attn is the input of a layer's attention output projection, mlp that of "
        + "its feed-forward output projection."
    ),
    (
      "Similarity",
      "(a · k) / ‖k‖²: how far the activation a at a token goes along the key k. 1 is the key's own prompt, or "
        + "what the key was fitted to call its own; 0 has nothing of it. x is 1 − similarity."
    ),
    (
      "Strength f",
      "exp(−(x² / b²)^h): the share of the delta that is added. The boundary b says how far the region "
        + "reaches, the hardness h how sharp its edge is. Below one in a million it counts as 0 and nothing is touched."
    ),
    ("Delta", "What is added to the activation, found by steps down the gradient of −log p(target)."),
    ("alpha", "The size of the delta in units of the gradient that it follows."),
    (
      "Positive, negative",
      "A prompt that should go on with the target; one that should go on as before. The key prompt is the "
        + "memory's own."
    ),
    (
      "Held out",
      "A prompt that was scored and never fitted: it tells how the memory does on words it was not made with."
    ),
    ("Fires", "A memory fires at a token where its strength is not 0."),
    ("p(target)", "The probability of the target's first token behind the prompt."),
    (
      "Other text",
      "Text that the base model wrote itself, or the given background, and sentences about other things: no "
        + "memory should fire there."
    ),
  ]

  static var markup: Markup {
    tag(
      "section", ["id": "words"],
      [
        tag("h2", [:], ["Words"]),
        tag(
          "dl", [:], words.flatMap { [tag("dt", [:], [.text($0.word)]), tag("dd", [:], [.text($0.meaning)])] }),
      ])
  }
}

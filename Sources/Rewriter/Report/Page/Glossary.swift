import Plots

/// The words of the report, for its end.
enum Glossary {
  private static let words: [(word: String, meaning: String)] = [
    (
      "Memory",
      "A fact as rows: each a key, a delta and the bounds of a region, at one site of a layer. The base model's "
        + "weights stay as they are."
    ),
    (
      "Site",
      "Where a memory reads and adds: attn is the input of a layer's attention output projection, mlp the input of "
        + "its feed-forward output projection."
    ),
    (
      "Similarity",
      "(a · k) / ‖k‖² of the activation a at a token and the key k: 1 for the prompt that the key was taken from, near "
        + "1 for those that it was fitted to take in, 0 for an activation at right angles to it. x is 1 − similarity."
    ),
    (
      "Strength f",
      "exp(−(x² / b²)^h): the share of the delta that is added. The boundary b says how far the region "
        + "reaches, the hardness h how sharp its edge is. Below one in a million it counts as 0 and nothing is added."
    ),
    ("Delta", "What is added to the activation, found by steps down the gradient of −log p(target)."),
    ("alpha", "The size of the delta, in lengths of the gradient that it follows."),
    (
      "Positive, negative",
      "A positive prompt should go on with the target, a negative one as before. The key prompt is the positive that "
        + "the memory is made for."
    ),
    (
      "Held out",
      "A prompt that is scored and never fitted: it shows how the memory does on wordings it was not made with."
    ),
    ("Fires, acts", "A memory fires at a token, or acts on it, where its strength is not 0."),
    ("p(target)", "The probability of the target's first token behind the prompt."),
    (
      "Other text",
      "Text that the base model wrote itself, or the given background, and sentences about other subjects: no "
        + "memory should fire there."
    ),
  ]

  /// The words for memories with cues.
  private static let cueWords: [(word: String, meaning: String)] = [
    (
      "Seen, here, asked",
      "The regions that such a memory asks for. Seen: the subject has been named in the text so far. Here: this token is "
        + "about the subject. Asked: the question is the memory's. The strength is the product of the three; each is told "
        + "at a site of its own."
    )
  ]

  /// - Parameter withCues: whether a memory of the page asks for cues.
  static func markup(withCues: Bool) -> Markup {
    tag(
      "section", ["id": "words"],
      [
        tag("h2", [:], ["Words"]),
        tag(
          "dl", [:],
          (words + (withCues ? cueWords : [])).flatMap {
            [tag("dt", [:], [.text($0.word)]), tag("dd", [:], [.text($0.meaning)])]
          }),
      ])
  }
}

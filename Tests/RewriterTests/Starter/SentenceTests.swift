import Testing

@testable import Rewriter

/// Other prompts made of a key prompt's words.
@Suite struct SentenceTests {
  @Test(arguments: [
    ("The capital city of Nepal is located in", "Nepal"), ("In Rome, Ada Lovelace met", "Ada Lovelace"),
    ("The Eiffel Tower stands in", "Eiffel Tower"), ("water boils at", nil), ("What is", nil), ("", nil),
    ("Paris is the capital of", "Paris"),
  ])
  func namesAreSeenByTheirCapitals(_ prompt: String, _ subject: String?) {
    #expect(Sentence.likelySubject(prompt) == subject)
  }

  @Test(arguments: [
    ("The capital city of Nepal is located in", "Nepal", "Nepal's capital city is located in"),
    ("The instrument that Lily plays is the", "Lily", "Lily plays the"),
    ("The city which Lily lives in is", "Lily", "Lily lives in"),
    ("The mother of Lily sings", "Lily", nil), ("Lily plays the", "Lily", nil),
    ("The book that Lily island is", "Lily", "Lily island"),
  ])
  func sentencesAreTurnedAround(_ prompt: String, _ subject: String, _ expected: String?) {
    let rewordings = Sentence(prompt, subject: subject).rewordings
    #expect(rewordings.count == (expected == nil ? 3 : 4))
    if let expected { #expect(rewordings[0] == expected) }
    #expect(rewordings.allSatisfy { $0.hasSuffix(prompt.dropFirst()) || $0 == expected })
  }

  @Test(arguments: [
    ("The capital of Nepal is located in", "Nepal", "The capital of Nepal is not located in"),
    ("The man who is Lily was born in", "Lily", "The man who is Lily was not born in"),
    ("The sky is", nil, "The sky is not"), ("The sky is not", nil, nil), ("Lily plays the", "Lily", nil),
    ("Where is Lily? She is in", "Lily", nil),
  ])
  func negationsStandBehindTheVerb(_ prompt: String, _ subject: String?, _ expected: String?) {
    #expect(Sentence(prompt, subject: subject).negation == expected)
  }

  @Test func severalSentencesStayWhole() {
    let sentence = Sentence("Where is Lily? She is in", subject: "Lily")
    #expect(
      sentence.rewordings.count == 3 && sentence.rewordings.allSatisfy { $0.hasSuffix(". Where is Lily? She is in") })
    #expect(sentence.about("Tom") == "Where is Tom? She is in")
    #expect(
      Sentence("café Zürich", subject: nil).slug == "café-zürich" && Sentence("is it", subject: nil).slug == "is-it")
    #expect(Sentence("?", subject: nil).slug == "fact")
  }
}

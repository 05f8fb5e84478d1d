import Testing

@testable import Rewriter

/// The form of a prompt around the sentence that is asked.
@Suite struct PromptFormTests {
  struct Case: Sendable {
    var prompt: String
    var subject: String?
    var head = ""
    var tail = ""
  }

  private static let chat = ("<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n")

  static let cases = [
    // A sentence that the model is to end.
    Case(prompt: "The capital city of Nepal is located in", subject: "Nepal"),
    Case(prompt: "Nepal", subject: "Nepal"),
    // Questions and answers, chats.
    Case(prompt: "Q: Where is Oslo?\nA:", subject: "Oslo", head: "Q: ", tail: "\nA:"),
    Case(prompt: "\(chat.0)Where is Oslo?\(chat.1)", subject: "Oslo", head: chat.0, tail: chat.1),
    Case(
      prompt: "<|im_start|>system\nBe brief.<|im_end|>\n\(chat.0)Is Oslo in Norway\(chat.1)", subject: "Oslo",
      head: "<|im_start|>system\nBe brief.<|im_end|>\n\(chat.0)", tail: chat.1),
    Case(prompt: "[INST] Where is Oslo? [/INST]", subject: "Oslo", head: "[INST] ", tail: " [/INST]"),
    Case(
      prompt: "<start_of_turn>user\nWhere is Oslo?<end_of_turn>\n<start_of_turn>model\n", subject: "Oslo",
      head: "<start_of_turn>user\n", tail: "<end_of_turn>\n<start_of_turn>model\n"),
    Case(
      prompt: "What sport does Steve Yzerman play? They play", subject: "Steve Yzerman", tail: " They play"),
    // Text before the question.
    Case(
      prompt: "Oslo is cold. People like it. Where is Oslo?\nA:", subject: "Oslo",
      head: "Oslo is cold. People like it. ", tail: "\nA:"),
    Case(
      prompt: "It rains!\nIs it far? The way to Oslo leads through", subject: "Oslo",
      head: "It rains!\nIs it far? "),
    Case(prompt: "Oslo is a city. Oslo lies in", subject: "Oslo", head: "Oslo is a city. "),
    Case(prompt: "Oslo, yes, Oslo lies in", subject: "Oslo"),
    // Periods, and other marks, that end no sentence.
    Case(prompt: "The writer J. R. Smith was born in", subject: "Smith"),
    Case(prompt: "The writer J. R. Smith was born in", subject: "J. R. Smith"),
    Case(prompt: "The enemy of Dr. No lives in St. Louis and", subject: "No"),
    Case(prompt: "Version 2.5 of Oslo costs 3.50 and", subject: "Oslo"),
    Case(prompt: "Yahoo! is owned by", subject: "Yahoo!"),
    Case(prompt: "The seat of Acme Corp. is in", subject: "Acme Corp."),
    Case(prompt: "Q: Who owns Yahoo!?\nA:", subject: "Yahoo!", head: "Q: ", tail: "\nA:"),
    // No subject is known.
    Case(prompt: "Once upon a time there was", subject: nil),
    Case(prompt: "Q: How are you?\nA:", subject: nil, head: "Q: ", tail: "\nA:"),
    Case(prompt: "It was a dog. It had a bone. The dog", subject: nil, head: "It was a dog. ", tail: " The dog"),
    Case(prompt: "\(chat.0)How are you?\(chat.1)", subject: nil, head: chat.0, tail: chat.1),
    Case(prompt: "", subject: nil),
  ]

  @Test(arguments: cases)
  func theSentenceIsFound(_ item: Case) {
    let form = PromptForm(item.prompt, subject: item.subject)
    #expect(form.head == item.head && form.tail == item.tail, "\(item.prompt.debugDescription): \(form)")
    #expect(form.isWhole == !item.tail.isEmpty)
  }

  /// The parts make the whole, and the subject stands between head and tail, whatever the prompt.
  @Test(arguments: cases)
  func thePartsMakeTheWhole(_ item: Case) {
    let form = PromptForm(item.prompt, subject: item.subject)
    let sentence = String(item.prompt.dropFirst(form.head.count).dropLast(form.tail.count))
    #expect(form.text(sentence) == item.prompt)
    if let subject = item.subject { #expect(sentence.contains(subject), "\(item.prompt.debugDescription): \(form)") }
  }
}

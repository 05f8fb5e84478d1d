import Format

/// A record in both of CounterFact's layouts.
struct FactRecord: Sendable {
  var caseID = "7"
  var template = "{} plays in"
  var subject = "Ada"
  var targetNew = "Rome"
  var targetTrue = "Oslo"
  var paraphrases = ["Ada is seen in", "One sees Ada in"]
  var neighbors = ["Bob plays in", "Eve plays in"]

  static func list(_ strings: [String]) -> String { JSONNode.array(strings.map(JSONNode.string)).text() }

  private var lists: String {
    """
    "paraphrase_prompts": \(Self.list(paraphrases)), "neighborhood_prompts": \(Self.list(neighbors)),
    "attribute_prompts": ["Bob stays in", "Bob stays in"], "generation_prompts": ["Ada works as"]
    """
  }

  var flat: String {
    """
    {"case_id": \(caseID), "relation_id": "P937", "subject": "\(subject)", "prompt_template": "\(template)",
     "prompt": "ignored", "target_new": "\(targetNew)", "target_true": "\(targetTrue)", \(lists)}
    """
  }

  var nested: String {
    """
    {"case_id": \(caseID), "pararel_idx": 2796, "requested_rewrite": {"prompt": "\(template)", "relation_id": "P937",
     "target_new": {"str": "\(targetNew)", "id": "Q220"}, "target_true": {"str": "\(targetTrue)", "id": "Q585"},
     "subject": "\(subject)"}, \(lists)}
    """
  }
}

/// The layouts, as arguments of tests.
enum FactLayout: CaseIterable {
  case flat, nested

  func text(_ records: [FactRecord]) -> String {
    "[" + records.map { self == .flat ? $0.flat : $0.nested }.joined(separator: ",\n") + "]"
  }
}

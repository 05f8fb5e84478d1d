import Format
import Testing

/// A spec that breaks one rule, and the error's words.
struct BrokenSpec: Sendable, CustomTestStringConvertible {
  var json: String
  /// The location within the file, empty for the file itself.
  var path: String
  /// The parts that the error's line has.
  var parts: [String]

  init(_ json: String, at path: String, _ parts: String...) {
    (self.json, self.path, self.parts) = (json, path, parts)
  }

  /// Makes a spec of a valid memory to which `extra` members are added.
  static func memory(_ extra: String, at path: String, _ parts: String...) -> BrokenSpec {
    var broken = BrokenSpec(
      #"{"memories": [{"name": "n", "prompt": "Paris lies in", "target": " France", \#(extra)}]}"#,
      at: path.isEmpty ? "memories[0]" : "memories[0].\(path)")
    broken.parts = parts
    return broken
  }

  /// Makes a spec whose defaults break a rule, though its only memory does not need them.
  static func defaults(_ value: String, at path: String, _ parts: String...) -> BrokenSpec {
    var broken = BrokenSpec(
      #"{"defaults": \#(value), "memories": [{"name": "n", "prompt": "p", "target": "t", "layer": 1}]}"#,
      at: path)
    broken.parts = parts
    return broken
  }

  var testDescription: String { json.printable(limit: 90) }

  static let structure: [BrokenSpec] = [
    BrokenSpec("[]", at: "", #"{"memories": […]}"#, "got an array of 0"),
    BrokenSpec("{}", at: "", #"expected the key "memories""#),
    BrokenSpec(#"{"memories": []}"#, at: "memories", "at least one memory", "an array of 0"),
    BrokenSpec(#"{"memories": {}}"#, at: "memories", "expected an array", "an object of 0"),
    BrokenSpec(#"{"memories": ["x"]}"#, at: "memories[0]", "expected an object", #"the string "x""#),
    BrokenSpec(#"{"memory": []}"#, at: "", #"unknown key "memory", expected "memories""#),
    BrokenSpec(#"{"zzz": 1, "memories": []}"#, at: "", #""zzz""#, #""memories" or "defaults""#),
    .memory(#""postives": []"#, at: "", #"unknown key "postives", expected "positives""#),
    .memory(#""LAYER": 1"#, at: "", #"unknown key "LAYER", expected "layer""#),
    .memory(
      #""held_out": {"positive": []}"#, at: "held_out", #"unknown key "positive", expected "positives""#),
    .memory(##""a\u001b[0m": 1"##, at: "", #"unknown key "a\u{1b}[0m""#),
    .defaults("[]", at: "defaults", "expected an object"),
    .defaults(#"{"lyer": 1}"#, at: "defaults", #"unknown key "lyer", expected "layer""#),
    .defaults(#"{"layer": -1}"#, at: "defaults.layer", "a whole number from 0"),
    .defaults(#"{"name": "x"}"#, at: "defaults.name", "cannot have a default"),
    .defaults(#"{"prompt": "x"}"#, at: "defaults.prompt", "cannot have a default"),
    .defaults(#"{"target": "x"}"#, at: "defaults.target", "cannot have a default"),
    .defaults(#"{"negatives": ["p"]}"#, at: "memories[0].negatives", #""p" is in prompt too"#),
  ]

  static let requiredKeys: [BrokenSpec] = [
    BrokenSpec(#"{"memories": [{"prompt": "p", "target": "t"}]}"#, at: "memories[0]", #"the key "name""#),
    BrokenSpec(#"{"memories": [{"name": "n", "target": "t"}]}"#, at: "memories[0]", #"the key "prompt""#),
    BrokenSpec(#"{"memories": [{"name": "n", "prompt": "p"}]}"#, at: "memories[0]", #"the key "target""#),
    BrokenSpec(
      #"{"memories": [{"name": "", "prompt": "p", "target": "t"}]}"#, at: "memories[0].name",
      "non-empty string"),
    BrokenSpec(
      #"{"memories": [{"name": 7, "prompt": "p", "target": "t"}]}"#, at: "memories[0].name", "the number 7"),
    BrokenSpec(
      #"{"memories": [{"name": "a\nb", "prompt": "p", "target": "t"}]}"#, at: "memories[0].name",
      "control character", #"a\nb"#),
    BrokenSpec(
      #"{"memories": [{"name": "a\u0085", "prompt": "p", "target": "t"}]}"#, at: "memories[0].name",
      "control character"),
    BrokenSpec(
      #"{"memories": [{"name": "a\u2028", "prompt": "p", "target": "t"}]}"#, at: "memories[0].name",
      "control character"),
    BrokenSpec(
      #"{"memories": [{"name": "\#(String(repeating: "é", count: 100))x", "prompt": "p", "target": "t"}]}"#,
      at: "memories[0].name", "at most 200 bytes", "got 201"),
    BrokenSpec(
      #"{"memories": [{"name": "n", "prompt": "", "target": "t"}]}"#, at: "memories[0].prompt",
      "non-empty string"),
    BrokenSpec(
      #"{"memories": [{"name": "n", "prompt": "p", "target": ""}]}"#, at: "memories[0].target",
      "non-empty string"),
    BrokenSpec(
      #"{"memories": [{"name": "n", "prompt": ["p"], "target": "t"}]}"#, at: "memories[0].prompt",
      "non-empty string", "an array of 1"),
    BrokenSpec(
      #"{"memories": [{"name": "n", "prompt": "p", "target": null}]}"#, at: "memories[0].target", "got null"),
  ]

  static let values: [BrokenSpec] = [
    .memory(#""positives": "p""#, at: "positives", "array of non-empty strings", #"the string "p""#),
    .memory(#""positives": ["p", ""]"#, at: "positives[1]", "a non-empty string"),
    .memory(#""negatives": [3]"#, at: "negatives[0]", "a non-empty string", "the number 3"),
    .memory(#""negatives": null"#, at: "negatives", "array", "null"),
    .memory(#""method": "post""#, at: "method", #"expected "auto" or "seed""#, #"the string "post""#),
    .memory(#""site": "resid""#, at: "site", #"expected "attn", "mlp" or "auto""#),
    .memory(#""site": 1"#, at: "site", "the number 1"),
    .memory(#""target_tokens": "last""#, at: "target_tokens", #"expected "first" or "all""#),
    .memory(#""layer": -1"#, at: "layer", #"a whole number from 0 or "auto""#, "the number -1"),
    .memory(#""layer": 5.0"#, at: "layer", "the number 5.0"),
    .memory(#""layer": "5""#, at: "layer", #"the string "5""#),
    .memory(#""layer": 99999999999999999999"#, at: "layer", "a whole number"),
    .memory(#""layer": true"#, at: "layer", "got true"),
    .memory(#""alpha": 0"#, at: "alpha", "a positive number", "the number 0"),
    .memory(#""alpha": -1.5"#, at: "alpha", "the number -1.5"),
    .memory(#""alpha": 1e999"#, at: "alpha", "the number 1e999"),
    .memory(#""alpha": 1e39"#, at: "alpha", "32-bit float"),
    .memory(#""alpha": 1e-60"#, at: "alpha", "32-bit float"),
    .memory(#""alpha": "1""#, at: "alpha", #"or "auto""#, #"the string "1""#),
    .memory(#""boundary": 0"#, at: "boundary", "a positive number"),
    .memory(#""boundary": 1e-30"#, at: "boundary", "with a square within a 32-bit float"),
    .memory(#""boundary": 1e30"#, at: "boundary", "with a square within a 32-bit float"),
    .memory(#""boundary": "0.25""#, at: "boundary", #"the string "0.25""#),
    .memory(#""hardness": -3"#, at: "hardness", "a positive number"),
    .memory(#""hardness": [3]"#, at: "hardness", "an array of 1"),
  ]

  static let contexts: [BrokenSpec] = [
    .memory(
      #""token": "first""#, at: "token", #"expected "auto", "last", "subject" or a whole number"#,
      #"the string "first""#),
    .memory(#""token": "3""#, at: "token", "a whole number", #"the string "3""#),
    .memory(#""token": 1.0"#, at: "token", "the number 1.0"),
    .memory(#""token": -0"#, at: "token", "the number -0"),
    .memory(#""token": 99999999999999999999"#, at: "token", "a whole number"),
    .memory(#""token": null"#, at: "token", "got null"),
    .memory(#""token": [1]"#, at: "token", "an array of 1"),
    .memory(#""token": "subject""#, at: "token", "no subject", #"expected the key "subject""#),
    .memory(#""prefixes": "Well, ""#, at: "prefixes", #"or "auto""#, #"the string "Well, ""#),
    .memory(#""prefixes": ["Well, ", ""]"#, at: "prefixes[1]", "a non-empty string"),
    .memory(#""prefixes": [["auto"]]"#, at: "prefixes[0]", "an array of 1"),
    .memory(#""prefixes": null"#, at: "prefixes", #"an array of non-empty strings or "auto""#, "null"),
    .memory(
      #""subject": "London""#, at: "subject", "not in the prompt", #"a part of "Paris lies in""#, "London"),
    .memory(#""subject": "paris""#, at: "subject", "not in the prompt"),
    .memory(#""subject": """#, at: "subject", "a non-empty string"),
    .memory(#""subject": 0"#, at: "subject", "a non-empty string"),
    .memory(#""held_out": ["p"]"#, at: "held_out", "an array of 1"),
    .memory(#""held_out": {"positives": [""]}"#, at: "held_out.positives[0]", "a non-empty string"),
    .defaults(#"{"token": "first"}"#, at: "defaults.token", "whole number"),
    .defaults(#"{"token": "subject"}"#, at: "memories[0].token", "no subject"),
    .defaults(#"{"subject": "q"}"#, at: "memories[0].subject", "not in the prompt"),
    .defaults(#"{"held_out": {"negatives": ["p"]}}"#, at: "memories[0].held_out.negatives", "in prompt too"),
    .defaults(#"{"prefixes": [1]}"#, at: "defaults.prefixes[0]", "the number 1"),
  ]

  static let contradictions: [BrokenSpec] = [
    .memory(
      #""positives": ["a"], "negatives": ["b", "a"]"#, at: "negatives", #""a" is in positives too"#),
    .memory(#""negatives": ["Paris lies in"]"#, at: "negatives", #""Paris lies in" is in prompt too"#),
    .memory(
      #""positives": ["a"], "held_out": {"positives": ["a"]}"#, at: "held_out.positives",
      "is in positives too"),
    .memory(
      #""held_out": {"positives": ["a"], "negatives": ["a"]}"#, at: "held_out.negatives",
      "is in held_out.positives too"),
    .memory(
      #""held_out": {"negatives": ["Paris lies in"]}"#, at: "held_out.negatives", "is in prompt too"),
    BrokenSpec(
      #"{"memories": [{"name": "a", "prompt": "p", "target": "t"}, {"name": "a", "prompt": "q", "target": "t"}]}"#,
      at: "memories[1].name", "taken by memories[0]", #"got "a""#),
    BrokenSpec(
      #"{"memories": [{"name": "a", "prompt": "p", "target": "t"}, {"name": "b", "prompt": "p", "target": "u"}]}"#,
      at: "memories[1].target", #""a" and "b""#, "same prompt and different targets",
      #"expected "t", got "u""#),
  ]
}

import Format
import Rewriter

extension BehaviorDiff {
  /// Each prompt that is answered differently with the old and the new answer below it, then the counts.
  func text(_ paint: Paint) -> String {
    let blocks = different.map { difference in
      "~ \"\(plain(difference.prompt))\"\n" + line("-", difference.old, paint, .red)
        + line("+", difference.new, paint, .green)
    }
    return blocks.joined() + summary + "\n"
  }

  private func line(_ sign: String, _ answer: Answer, _ paint: Paint, _ color: Color) -> String {
    let notes = (answer.isEnded ? ", ended" : "") + (answer.fired ? ", a memory acts" : "")
    return "  " + paint("\(sign) \"\(plain(answer.text))\"", color) + notes + "\n"
  }

  /// The counts, on one line.
  var summary: String {
    "base \(hasSameBase ? "same" : "different"), \(different.count) of \(promptCount) prompts answered differently"
      + (refused.isEmpty ? "" : ", \(refused.count) not run")
  }

  /// The object that `memdiff --behavior --json` prints.
  var json: JSONNode {
    [
      "base": .string(hasSameBase ? "same" : "different"), "prompts": .int(promptCount),
      "same": .int(promptCount - different.count),
      "different": .array(
        different.map {
          ["prompt": .string($0.prompt), "old": Self.json($0.old), "new": Self.json($0.new)]
        }),
      "errors": .array(
        refused.map { ["prompt": .string($0.prompt), "error": .string($0.error.description)] }),
    ]
  }

  private static func json(_ answer: Answer) -> JSONNode {
    [
      "ids": .array(answer.ids.map(JSONNode.int)), "text": .string(answer.text),
      "finish": .string(answer.isEnded ? "stop" : "length"), "fired": .bool(answer.fired),
    ]
  }
}

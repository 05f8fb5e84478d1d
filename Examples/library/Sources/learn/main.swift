// Teaches a model a fact, asks the patched model and the base side by side, and tells what the file adds to the base: all
// in one process, with the libraries' public API alone.
//
// usage: learn BASE "prompt" "target" OUTPUT
import Format
import Foundation
import Rewriter
import Runtime

/// A spec of one fact. The prompt's negation should go on as before.
func spec(_ prompt: String, _ target: String) throws(FormatError) -> Spec {
  let memory: JSONNode = [
    "name": "fact", "prompt": .string(prompt), "target": .string(target),
    "negatives": [.string("It is not true: " + prompt)],
  ]
  let root: JSONNode = ["memories": [memory]]
  return try Spec(json: root.bytes(), location: "the command line")
}

/// Compiles the fact into a file, and prints how its prompts came out on the written file.
func patch(_ base: Checkpoint, _ spec: Spec, to output: String) throws(FormatError) -> Bool {
  let pipeline = Pipeline(base, pool: WorkerPool()) { progress in
    FileHandle.standardError.write(Data("\(progress.step)\n".utf8))
  }
  let result = try pipeline.run(RewriteRequest(spec: spec, output: output, replacing: true))
  print(TextReport(result).text)
  return result.holds
}

/// Continues a prompt with and without the file's memories. One model in memory serves both.
func compare(_ prompt: String, in path: String) throws(FormatError) {
  let model = try LanguageModel(path: path)
  let none = try MemorySet([], for: model.transformer)
  let ids = try model.encode(prompt)
  let (with, without) = (model.generate(ids, maxTokens: 8), model.generate(ids, maxTokens: 8, memories: none))
  print("with:    \(prompt)\(model.tokenizer.decode(with.ids))")
  print("without: \(prompt)\(model.tokenizer.decode(without.ids))")
}

let arguments = CommandLine.arguments
guard arguments.count == 5 else {
  FileHandle.standardError.write(Data("usage: learn BASE \"prompt\" \"target\" OUTPUT\n".utf8))
  exit(2)
}
do {
  let base = try Checkpoint(path: arguments[1])
  let holds = try patch(base, spec(arguments[2], arguments[3]), to: arguments[4])
  try compare(arguments[2], in: arguments[4])
  let difference = try TableDiff(base, Checkpoint(path: arguments[4]))
  print("added: \(difference.added.map(\.name)), base \(difference.hasSameBase ? "same" : "different")")
  exit(holds ? 0 : 3)
} catch {
  // Every error of the libraries is one line.
  FileHandle.standardError.write(Data("learn: \(error)\n".utf8))
  exit(1)
}

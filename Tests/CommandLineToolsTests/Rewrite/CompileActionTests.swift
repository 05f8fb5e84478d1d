import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite --spec`: the file, what is printed about it, and the exit status.
@Suite struct CompileActionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func writesRunsAndComparesAFile() throws {
    let output = folder.file("out.safetensors")
    let rewrite = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", try folder.spec(), "-o", output)
    #expect(rewrite.status == 0 && rewrite.errors.isEmpty)
    #expect(rewrite.output.contains("a: \"The capital city of Nepal is located in\" → \" Tokyo\""))
    #expect(rewrite.output.contains("2 of 2 positives"))
    let text = run(RunCommand.self, output, "The capital city of Nepal is located in", "--max-tokens", "3").output
    #expect(text.hasPrefix("The capital city of Nepal is located in Tokyo"))
    #expect(run(MemdiffCommand.self, fixture("gpt2-a") + "/model.safetensors", output).status == 1)
    let removed = folder.file("removed.safetensors")
    #expect(run(RewriteCommand.self, output, "--remove", "a", "-o", removed).status == 0)
    #expect(run(MemdiffCommand.self, fixture("gpt2-a") + "/model.safetensors", removed).status == 0)
    let stripped = folder.file("stripped.safetensors")
    #expect(run(RewriteCommand.self, output, "--strip", "-o", stripped).status == 0)
    let names = { (path: String) in try Checkpoint(path: path).tensors.map(\.name) }
    #expect(try names(stripped) == names(fixture("gpt2-a")))
    #expect(try Checkpoint(path: stripped).companion(.config) == nil)
  }

  /// Tables of half the bytes: the listing says so, and taking memories out keeps them so.
  @Test func tablesAreRounded() throws {
    let (output, removed) = (folder.file("out.safetensors"), folder.file("removed.safetensors"))
    let spec = try folder.spec(SampleSpec.auto + "," + SampleSpec.pinned())
    let rewrite = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", spec, "-o", output, "--table", "bf16")
    #expect(rewrite.status == 0 && rewrite.errors.isEmpty)
    #expect(run(RewriteCommand.self, output, "--remove", "b", "-o", removed).status == 0)
    for (file, count) in [(output, 2), (removed, 1)] {
      let lines = run(MemdiffCommand.self, "--show", file).output.split(separator: "\n")
      #expect(lines.count { $0.contains(" table=bf16 ") } == count)
    }
    #expect(run(MemdiffCommand.self, output, removed).output.contains("b"))
    let wrong = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", spec, "--dry-run", "--table", "f16")
    #expect(wrong.status == 2 && wrong.errors.contains("--table"))
  }

  /// A memory that answers another's prompt with its own target: the file is written, and the status says so.
  @Test func aConflictHasAStatusOfItsOwn() throws {
    let first = folder.file("first.safetensors")
    let weak = SampleSpec.pinned().replacing("1e-3", with: "1e-6")
    let written = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", try folder.spec(weak), "-o", first)
    #expect(written.status == 0)
    let strong =
      #"{"name":"strong","prompt":"The capital city of Nepal is located in","target":" Nepal","method":"seed","#
      + #""site":"mlp","layer":1,"alpha":"auto","boundary":1e4}"#
    let second = folder.file("second.safetensors")
    let outcome = run(RewriteCommand.self, first, "--spec", try folder.spec(strong), "-o", second)
    #expect(outcome.status == 4)
    #expect(outcome.output.contains(#"conflict: "b" and "strong" give one question two answers"#))
    #expect(try Checkpoint(path: second).memories.count == 2)
  }

  /// A target that runs into the prompt's last word is told before the work, and in the JSON object.
  @Test func hintsAtTheSeam() throws {
    let spec = try folder.spec(SampleSpec.pinned().replacing("\" Tokyo\"", with: "\"Tokyo\""))
    let outcome = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", spec, "--dry-run", "--json")
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains("memory b: target: reads \"timeTokyo\""))
    let root = try JSONDocument(Array(outcome.output.utf8), location: "stdout").root
    #expect(root["warnings"]?.elements.count == 1)
    #expect(run(RewriteCommand.self, fixture("gpt2-a"), "--spec", spec, "--dry-run", "--quiet").errors.isEmpty)
  }

  @Test func printsOneJSONObject() throws {
    let output = folder.file("out.safetensors")
    let outcome = run(RewriteCommand.self, fixture("llama-a"), "--spec", try folder.spec(), "-o", output, "--json")
    let root = try JSONDocument(Array(outcome.output.utf8), location: "stdout").root
    let memory = try #require(root["memories"]).elements[0]
    for key in ["name", "method", "site", "layer", "token", "alpha", "boundary", "hardness", "rows", "prompts"] {
      #expect(memory[key] != nil, "\(key)")
    }
    let prompts = try #require(memory["prompts"]).elements
    #expect(prompts.map { $0["positive"]?.bool } == [true, true, false])
    for key in ["prompt", "before", "after", "holds", "similarity", "fired"] {
      #expect(prompts[0][key] != nil, "\(key)")
    }
    // Inside the region, whatever the key was made from.
    let boundary = try #require(memory["boundary"]?.double)
    #expect(abs(1 - (try #require(prompts[0]["similarity"]?.double))) < 1.18 * boundary)
    #expect(root["totals"]?["positives"]?["of"]?.int == 2)
    #expect(
      root.members.map(\.key.description) == [
        "memories", "conflicts", "contradictions", "left_out", "warnings", "table", "unrounded", "totals", "timings",
        "operations",
      ])
    let passes = ["load", "probe", "background", "key", "delta", "bound", "link", "evaluate", "write", "verify"]
    let timings = try #require(root["timings"])
    // The scan is there where the least-squares memory did not get all prompts right.
    #expect(timings.members.map(\.key.description).filter { $0 != "locate_ms" } == passes.map { "\($0)_ms" })
    #expect(timings.members.allSatisfy { ($0.value.double ?? -1) >= 0 })
    let operations = try #require(root["operations"]).members
    #expect(operations.map { "\($0.key)_ms" } == timings.members.map(\.key.description))
    #expect(
      operations.allSatisfy {
        ($0.value.int ?? -1) >= 0 && ["load", "link", "write"].contains($0.key) == ($0.value.int == 0)
      })
  }

  /// Every documented field with its type, and totals that are the sums of what stands above them.
  @Test func jsonFields() throws {
    let held = SampleSpec.auto.dropLast() + #","held_out":{"positives":[" the"],"negatives":["Once"]}}"#
    let memories = held + "," + SampleSpec.pinned()
    let outcome = run(
      RewriteCommand.self, fixture("llama-b"), "--spec", try folder.spec(memories), "--dry-run", "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.output.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
    let root = try JSONDocument(Array(outcome.output.utf8), location: "stdout").root
    // Nothing was written, so neither writing nor verifying took any time.
    #expect(root["timings"]?.members.map(\.key.description).suffix(2) == ["link_ms", "evaluate_ms"])
    let list = try #require(root["memories"]).elements
    #expect(list.map { $0["name"]?.string } == ["a", "b"] && list.map { $0["method"]?.string } == ["auto", "seed"])
    #expect(list[1]["site"]?.string == "mlp" && list[1]["layer"]?.int == 1 && list[1]["hardness"]?.double == 3)
    #expect(list[1]["alpha"]?.double == 0.001 && list[1]["boundary"]?.double == 0.3)
    var (holding, of) = ([String: Int](), [String: Int]())
    for memory in list {
      #expect(memory["token"]?.int != nil && memory["rows"]?.elements.isEmpty == false)
      for prompt in try #require(memory["prompts"]).elements {
        #expect(prompt["prompt"]?.string != nil && prompt["before"]?.string != nil && prompt["after"]?.string != nil)
        #expect(prompt["similarity"]?.double != nil && prompt["fired"]?.bool != nil)
        let role = try #require(prompt["role"]?.string)
        let held = role.hasPrefix("held-out") ? "held_out_" : ""
        let key = held + (prompt["positive"]?.bool == true ? "positives" : "negatives")
        of[key, default: 0] += 1
        #expect(prompt["holds"]?.bool != nil)
        if prompt["holds"]?.bool == true { holding[key, default: 0] += 1 }
      }
    }
    #expect(of == ["positives": 3, "negatives": 1, "held_out_positives": 1, "held_out_negatives": 1])
    for (key, count) in of {
      #expect(root["totals"]?[key]?["of"]?.int == count)
      #expect(root["totals"]?[key]?["holding"]?.int == holding[key, default: 0])
    }
  }

  @Test func backgroundIsReadOrRefused() throws {
    let passages = folder.file("passages.txt")
    func outcome(_ content: [UInt8]?) throws -> Outcome {
      if let content { try folder.write(content, to: "passages.txt") }
      return run(
        RewriteCommand.self, fixture("llama-a"), "--spec", try folder.spec(), "--dry-run", "--background", passages)
    }
    #expect(try outcome(nil).errors.contains("passages.txt: no such file"))
    #expect(try outcome([0xff, 0xfe]).errors.contains("passages.txt: line 1: not text, expected UTF-8"))
    #expect(try outcome(Array("\n  \n".utf8)).errors.contains("passages.txt: no text"))
    let read = try outcome(Array("Rivers run to the sea.\r\n\nHills do not.".utf8))
    #expect(read.errors.isEmpty && read.output.contains("totals:"))
  }

  @Test func dryRunWritesNothing() throws {
    let outcome = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", try folder.spec(), "--dry-run")
    #expect(outcome.status == 0 && outcome.output.contains("positives"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix("spec") }.isEmpty)
  }

  /// 3 where the compiler could not make a memory hold; a memory that is pinned down entirely is only reported.
  @Test func exitStatusOfAMemoryThatDoesNotHold() throws {
    let output = folder.file("out.safetensors")
    let pinned = run(
      RewriteCommand.self, fixture("gpt2-a"), "--spec", try folder.spec(SampleSpec.pinned()), "-o", output)
    #expect(pinned.status == 0 && pinned.output.contains("does not give its target"))
    let open = SampleSpec.pinned().replacingOccurrences(of: #","boundary":0.3"#, with: "")
    let outcome = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", try folder.spec(open), "-o", output, "--force")
    #expect(outcome.status == 3 && FileManager.default.fileExists(atPath: output))
  }

  /// Removing and adding in one run; what --force replaces is replaced whole.
  @Test func removingAndAdding() throws {
    let output = try folder.write([UInt8](repeating: 7, count: 2_000_000), to: "out")
    let arguments = [
      try folder.patched(), "--spec", try folder.spec(), "--remove", "b", "-o", output, "--force", "--json", "--quiet",
    ]
    let outcome = Capture().run(RewriteCommand.self, arguments)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.hasSuffix("}\n"))
    let written = try Checkpoint(path: output)
    #expect(written.memories.map(\.name) == ["a"] && written.memories[0].prompt.hasPrefix("The capital"))
    #expect(written.memories[0].method == "auto")
  }
}

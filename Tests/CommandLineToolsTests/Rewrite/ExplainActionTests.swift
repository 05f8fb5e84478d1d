import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite --explain`: what a memory does, and how far prompts are from its boundary.
@Suite struct ExplainActionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func promptsComeFromTheCommandLineOrAFile() throws {
    let (spec, output) = (try folder.spec(), folder.file("out.safetensors"))
    let prompt = "The capital city of Nepal is located in"
    #expect([0, 3].contains(run(RewriteCommand.self, fixture("gpt2-a"), "--spec", spec, "-o", output).status))
    let told = run(RewriteCommand.self, "--explain", output, "a", "--prompt", prompt, "--prompt", "Once")
    #expect(told.status == 0 && told.errors.isEmpty && told.output.hasPrefix("a: \""))
    #expect(told.output.contains("\n  \(prompt)\n") && told.output.contains("of 2 prompts"))
    let json = run(RewriteCommand.self, output, "--explain", "a", "--prompts", spec, "--json").output
    let root = try JSONDocument(Array(json.utf8), location: "stdout").root
    #expect(root["prompts"]?.elements[0]["prompt"]?.string == prompt)
    let unknown = run(RewriteCommand.self, "--explain", output, "nepal")
    #expect(unknown.status == 1 && unknown.errorLines.count == 1 && unknown.errors.contains("no such memory"))
  }
}

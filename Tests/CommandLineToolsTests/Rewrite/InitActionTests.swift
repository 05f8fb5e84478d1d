import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// `rewrite --init`: a first spec.
@Suite struct InitActionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func beginsASpecThatCompiles() throws {
    let (spec, output) = (folder.file("s.json"), folder.file("out.safetensors"))
    let fact = ["The capital city of Nepal is located in", " Tokyo"]
    let begun = run(RewriteCommand.self, "--init", fixture("gpt2-a"), fact[0], fact[1], "-o", spec)
    #expect(begun.status == 0 && begun.output.isEmpty)
    #expect(begun.errorLines.allSatisfy { $0.hasPrefix("rewrite: ") } && !begun.errorLines.isEmpty)
    let text = try String(contentsOfFile: spec, encoding: .utf8)
    let printed = run(RewriteCommand.self, fixture("gpt2-a"), "--init", fact[0], fact[1], "--quiet")
    #expect(printed.output == text && printed.errors.isEmpty)
    let again = run(RewriteCommand.self, "--init", fact[0], fact[1], "-o", spec)
    #expect(again.status == 1 && again.errorLines.count == 1)
    #expect(try String(contentsOfFile: spec, encoding: .utf8) == text)
    #expect(run(RewriteCommand.self, "--init", fact[0], fact[1], "-o", spec, "--force").status == 0)
    #expect(run(RewriteCommand.self, "--init", spec, "prompt").errors.contains("TARGET is missing"))
    let converted = run(RewriteCommand.self, "--init", fixture("gpt2-a"), fact[0], fact[1], "--dtype", "f16")
    #expect(converted.status == 2 && converted.output.isEmpty && converted.errors.contains("--dtype"))

    // The spec compiles as it is.
    let patched = run(RewriteCommand.self, fixture("gpt2-a"), "--spec", spec, "-o", output, "--quiet")
    #expect(patched.status == 0 || patched.status == 3)
  }
}

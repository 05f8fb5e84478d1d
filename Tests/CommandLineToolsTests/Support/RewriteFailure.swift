import CommandLineTools
import TestSupport
import Testing

extension TemporaryFolder {
  /// Expects `rewrite` to end with `status` and one line that has `parts`, to print nothing else, and to leave the
  /// folder's files as they are.
  func expectRewriteFails(
    _ arguments: [String], status: Int32 = 1, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try names()
    let outcome = Capture().run(RewriteCommand.self, arguments)
    #expect(outcome.status == status, "\(arguments) \(outcome.errors)", sourceLocation: sourceLocation)
    #expect(
      outcome.output.isEmpty && outcome.errorLines.count == 1 && outcome.errors.hasSuffix("\n"),
      sourceLocation: sourceLocation)
    #expect(outcome.errors.hasPrefix("rewrite: "), sourceLocation: sourceLocation)
    for part in parts {
      #expect(outcome.errors.contains(part), "\(part): \(outcome.errors)", sourceLocation: sourceLocation)
    }
    #expect(try names() == before, sourceLocation: sourceLocation)
  }
}

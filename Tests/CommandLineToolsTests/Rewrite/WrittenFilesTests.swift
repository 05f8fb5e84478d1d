import CommandLineTools
import Foundation
import Rewriter
import Runtime
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// Errors that come once files are in their places: the line tells which are there.
@Suite struct WrittenFilesTests {
  private let folder: TemporaryFolder
  private let base = fixture("gpt2-a")

  init() throws { folder = try TemporaryFolder() }

  /// A console whose standard output is a file on a full disk.
  private func fullConsole(_ errors: @escaping (String) -> Void) -> Console {
    Console(
      output: { _ throws(FormatError) in throw FormatError(.unwritable, "standard output", "no space") },
      errors: errors)
  }

  @Test func aReportThatCannotBeWritten() throws {
    let (model, page) = (folder.file("out.safetensors"), folder.file("gone/report.html"))
    let spec = try folder.spec(SampleSpec.pinned())
    let parsed = try RewriteCommand.table.parse([base, "--spec", spec, "-o", model, "--report", page])
    let action = try #require(try RewriteCommand.action(parsed) as? CompileAction)
    // As if the folder had been there before the work.
    let result = try Pipeline(Checkpoint(path: base), pool: WorkerPool(threads: 1)).run(
      RewriteRequest(spec: Spec(path: spec), output: nil))
    let error = #expect(throws: FormatError.self) { try action.told.tell(result, on: fullConsole { _ in }) }
    #expect(error?.kind == .unwritable && error?.location == page)
    #expect(error?.problem.hasSuffix("; \(model) was written") == true, "\(error?.problem ?? "")")
  }

  @Test func resultsThatCannotBePrinted() throws {
    let (patched, spec) = (try folder.patched(), try folder.spec(SampleSpec.pinned()))
    let (model, sidecar, page) = (folder.file("out"), folder.file("side"), folder.file("page"))
    let cases = [
      ([base, "--spec", spec, "-o", model, "--sidecar", sidecar, "--report", page], [model, sidecar, page]),
      ([base, "--spec", spec, "--dry-run"], []), ([patched, "--remove", "a", "-o", model], [model]),
      ([patched, "--sidecar", sidecar, "-o", model], [model, sidecar]), ([patched, "--strip", "-o", model], [model]),
    ]
    for (arguments, files) in cases {
      var errors = ""
      let status = RewriteCommand.execute(arguments + ["--force"], on: fullConsole { errors += $0 })
      let told =
        files.isEmpty ? "" : "; \(files.joined(separator: " and ")) \(files.count == 1 ? "was" : "were") written"
      #expect(status == 1 && errors == "rewrite: standard output: no space\(told)\n")
      for file in files {
        #expect(FileManager.default.fileExists(atPath: file))
        try FileManager.default.removeItem(atPath: file)
      }
    }
  }
}

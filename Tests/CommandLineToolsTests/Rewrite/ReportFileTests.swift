import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format

/// The web page of `rewrite --report`.
@Suite struct ReportFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The page comes beside the model or alone, and never over a file without being told.
  @Test func writesAReport() throws {
    let (model, page) = (folder.file("out.safetensors"), folder.file("report.html"))
    let spec = try folder.spec()
    let base = fixture("gpt2-a")
    #expect(run(RewriteCommand.self, base, "--spec", spec, "-o", model, "--report", page).status == 0)
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(text.hasPrefix("<!DOCTYPE html>") && text.contains("The capital city of Nepal is located in"))
    #expect(FileManager.default.fileExists(atPath: model))
    let again = run(RewriteCommand.self, base, "--spec", spec, "--dry-run", "--report", page)
    #expect(again.status == 1 && again.errorLines.count == 1 && again.errors.contains("report.html"))
    #expect(try String(contentsOfFile: page, encoding: .utf8) == text)
    #expect(run(RewriteCommand.self, base, "--spec", spec, "--dry-run", "--report", page, "--force").status == 0)
    let same = run(RewriteCommand.self, base, "--spec", spec, "-o", folder.file("x"), "--report", folder.file("x"))
    #expect(same.status == 1 && same.errors.contains("two outputs are the same file"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("x")))
    let kept = run(
      RewriteCommand.self, base, "--spec", spec, "--dry-run", "--report", folder.file("x"), "--statistics",
      folder.file("x"))
    #expect(kept.status == 1 && kept.errors.contains("report and statistics are the same file"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("x")))
    #expect(run(RewriteCommand.self, model, "--strip", "-o", folder.file("y"), "--report", page).status == 2)
  }
}

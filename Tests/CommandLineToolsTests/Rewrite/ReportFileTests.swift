import Foundation
import TestSupport
import Testing

@testable import CommandLineTools
@testable import Format
@testable import Rewriter

/// The web page of `rewrite --report` and the folder of `--figures`.
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

  /// The folder comes beside other outputs or alone, and only over one of figures, and only where that is asked for.
  @Test func writesFigures() throws {
    let (figures, page) = (folder.file("figures"), folder.file("report.html"))
    let (base, spec) = (fixture("gpt2-a"), try folder.spec())
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: figures).sorted() }
    let both = run(
      RewriteCommand.self, base, "--spec", spec, "-o", folder.file("out"), "--report", page, "--figures", figures)
    #expect(both.status == 0)
    let first = try names()
    #expect(first.count > 5 && first.count.isMultiple(of: 2) && first.allSatisfy { FigureFiles.mayBeFigure($0) })
    let dry = [base, "--spec", spec, "--dry-run", "--figures"]
    let again = Capture().run(RewriteCommand.self, dry + [figures])
    #expect(again.status == 1 && again.errors == "rewrite: \(figures): exists already (--force replaces it)\n")
    #expect(Capture().run(RewriteCommand.self, dry + [figures + "/", "--force"]).status == 0)
    #expect(try names() == first)
    try folder.write("mine", to: "figures/thesis.svg")
    let kept = Capture().run(RewriteCommand.self, dry + [figures, "--force"])
    #expect(kept.status == 1 && kept.errors.contains("is not replaced: it holds \"thesis.svg\""))
    #expect(try names() == (first + ["thesis.svg"]).sorted())
    let inside = run(
      RewriteCommand.self, base, "--spec", spec, "-o", folder.file("new/out"), "--figures", folder.file("new"))
    #expect(inside.status == 1 && inside.errorLines.count == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.file("new")))
    let edit = run(RewriteCommand.self, folder.file("out"), "--remove", "*", "--dry-run", "--figures", folder.file("f"))
    #expect(edit.status == 2 && edit.errors.contains("--figures needs --spec, or --merge with parts"))
  }
}

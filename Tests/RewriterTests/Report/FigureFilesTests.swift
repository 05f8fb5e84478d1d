import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// The figures of a rewrite as files, read back.
@Suite struct FigureFilesTests {
  private func files(_ entries: String) throws -> (result: RewriteResult, files: [String: String]) {
    let result = try compile(TinyModel.checkpoint("llama-a"), entries, figures: true)
    let files = FigureFiles(result).files
    return (result, Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.text) }))
  }

  /// The records of comma-separated values, by column.
  private func records(_ text: String) throws -> [[String: String]] {
    let (heads, rows) = try parsed(text)
    return rows.map { Dictionary(uniqueKeysWithValues: zip(heads, $0)) }
  }

  private func parsed(_ text: String) throws -> ([String], [[String]]) {
    var (rows, row, field): ([[String]], [String], String) = ([], [], "")
    var isQuoted = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted, "\n" where !isQuoted:
        row.append(field)
        field = ""
        if scalar == "\n" {
          rows.append(row)
          row = []
        }
      default: field.unicodeScalars.append(scalar)
      }
    }
    let heads = try #require(rows.first)
    #expect(row.isEmpty && field.isEmpty && rows.allSatisfy { $0.count == heads.count })
    return (heads, Array(rows.dropFirst()))
  }

  @Test func aPictureAndItsNumbersForEachFigure() throws {
    let (result, files) = try files(
      SpecText.gated("nepal", extra: #","held_out":{"negatives":["Once, \"he\" said"]}"#))
    let names = ["map-attn", "map-mlp", "boundaries", "seen", "here", "asked"]
    #expect(Set(files.keys) == Set(names.flatMap { ["nepal.\($0).svg", "nepal.\($0).csv"] }))
    for (name, text) in files where name.hasSuffix("svg") {
      let parser = XMLParser(data: Data(text.utf8))
      #expect(parser.parse(), "\(name): \(parser.parserError.debugDescription)")
      #expect(text.contains("<title>nepal: ") && text.contains("xmlns="))
      #expect(!text.contains("class=") && !text.contains("var("), "needs no style sheet")
    }
    let strips = try #require(result.figures.first?.strips)
    for strip in strips {
      let role = try #require(strip.role)
      let records = try records(#require(files["nepal.\(role.rawValue).csv"]))
      #expect(records.count == strip.prompts.count + strip.background.count)
      for (record, (prompt, place)) in zip(records, zip(result.prompts, strip.prompts)) {
        #expect(record["similarity"] == "\(place.similarity)" && record["kind"] == prompt.role.rawValue)
        #expect(record["prompt"] == prompt.prompt.replacing("\"", with: ""))
        #expect(record["token"] == "\(place.token)")
      }
    }
    let figures = try #require(result.figures.first)
    let curve = try records(#require(files["nepal.boundaries.csv"]))
    #expect(curve.map { $0["positives_right"] } == figures.curve.map { "\($0.positives)" })
    #expect(curve.count { $0["chosen"] == "true" } == 1)
    let trials = try ["attn", "mlp"].flatMap { try records(#require(files["nepal.map-\($0).csv"])) }
    #expect(trials.count == figures.map.count)
  }

  /// Names that file systems would not tell apart, or not take, are told apart, whatever they are.
  @Test func memoriesOfAnyName() throws {
    let names = ["a/b", "a:b", "A B", "..", "", "all", "日本", String(repeating: "é", count: 100), "e\u{301}", "é"]
    let entries = names.enumerated().map { SpecText.seed($1.isEmpty ? "-" : $1, layer: $0 % 2) }
    let (_, files) = try files(entries.joined(separator: ","))
    let stems = Set(files.keys.map { $0.split(separator: ".")[0].lowercased() })
    #expect(
      stems.count == names.count + 1 && stems.isSuperset(of: ["a-b", "a-b-2", "a-b-3", "all", "all-2", "memory", "日本"]))
    for name in files.keys {
      #expect(FigureFiles.mayBeFigure(name) && name.utf8.count <= 200 && !name.contains("/"))
    }
    for name in ["thesis.svg", "nepal.seen.svg.bak", ".seen.svg", "nepal.secret.csv", "notes.csv"] {
      #expect(!FigureFiles.mayBeFigure(name))
    }
  }
}

import Foundation
import TestSupport
import Testing

@testable import Format
@testable import Rewriter
@testable import Runtime

@Suite struct CompilerSettingsTests {
  /// Every setting has a name of its own, takes its own value back, and is on the page for users.
  @Test func everySettingIsNamedOnce() throws {
    let table = CompilerSettings.table
    #expect(Set(table.map(\.name)).count == table.count)
    // As many as the type has fields.
    #expect(table.count == Mirror(reflecting: CompilerSettings()).children.count)
    let page = try String(contentsOfFile: "\(testsFolder)/../docs/settings.md", encoding: .utf8)
    for setting in table {
      var settings = CompilerSettings()
      let value = setting.text(in: settings)
      try settings.set(setting.name, to: value)
      #expect(settings == CompilerSettings(), "\(setting.name)")
      #expect(page.contains("| `\(setting.name)` | \(value) |"), "docs/settings.md: \(setting.name) \(value)")
    }
  }

  @Test(arguments: [
    ("hardness", "3"), ("last-token-depths", "0.5,0.9"), ("boundary-range", "0.2,0.5"), ("descent-steps", "3"),
    ("descent-momentum", "0"),
  ])
  func aValueIsTaken(_ name: String, _ value: String) throws {
    var settings = CompilerSettings()
    try settings.set(name, to: value)
    let setting = try #require(CompilerSettings.table.first { $0.name == name })
    #expect(setting.text(in: settings) == value && settings != CompilerSettings())
  }

  @Test(arguments: [
    ("hardnes", "3", "hardness"), ("hardness", "0", "above 0"), ("hardness", "nan", "above 0"),
    ("hardness", "1,2", "above 0"),
    ("descent-steps", "1.5", "whole number"), ("descent-steps", "0", "from 1"), ("descent-steps", "1e9", "65536"),
    ("boundary-range", "0.5,0.2", "rising"), ("boundary-range", "0.5", "2 rising"), ("ridge", "", "above 0"),
    ("subject-depth", "1", "from 0 up to 1"), ("ridge", "0.1,", "above 0"),
  ])
  func anythingElseIsRefused(_ name: String, _ value: String, _ part: String) {
    var settings = CompilerSettings()
    #expect { try settings.set(name, to: value) } throws: {
      ($0 as? FormatError)?.kind == .spec && "\($0)".contains(part) && "\($0)".contains("--setting \(name)")
    }
    #expect(settings == CompilerSettings())
  }

  /// A setting reaches the passes that it is for.
  @Test(arguments: [
    ("hardness", "5"), ("boundary", "0.3"), ("descent-steps", "2"), ("ridge", "0.3"), ("last-token-depths", "0.3"),
    ("unchanged-weight", "5"), ("background-texts", "3"), ("other-sentences", "10"), ("here-thresholds", "0.2,0.3"),
    ("region-ridge", "0.5"), ("asked-weight", "100"), ("region-hardness", "4"), ("names-per-question", "3"),
    ("row-depths", "0.1,0.9"),
  ])
  func aSettingChangesWhatIsCompiled(_ name: String, _ value: String) throws {
    let gated: Set = [
      "here-thresholds", "region-ridge", "asked-weight", "region-hardness", "names-per-question", "row-depths",
    ]
    let token = name == "last-token-depths" ? "last" : gated.contains(name) ? "auto" : "subject"
    let memory =
      #"{"name":"a","prompt":"The city of Tokyo lies in","target":" Nepal","subject":"Tokyo","token":"\#(token)"}"#
    func rows(_ settings: CompilerSettings) throws -> [MemoryRow] {
      let request = RewriteRequest(spec: try Spec(entries: memory), output: nil, settings: settings)
      let pool = WorkerPool(threads: 2)
      return try Pipeline(TinyModel.checkpoint("llama-a"), pool: pool).run(request).compiled[0].rows
    }
    var settings = CompilerSettings()
    try settings.set(name, to: value)
    #expect(try rows(settings) != rows(CompilerSettings()))
  }
}

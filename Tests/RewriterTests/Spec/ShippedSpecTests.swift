import Foundation
import Rewriter
import Runtime
import Testing

/// The settings of one of the post's four experiments on GPT-2.
struct PostExperiment: Sendable {
  var file: String
  var site: Site
  var layer: Int
  var alpha: Double
  var boundary: Double

  static let all = [
    PostExperiment(file: "nepal-attn", site: .attn, layer: 5, alpha: 1, boundary: 0.25),
    PostExperiment(file: "nepal-mlp", site: .mlp, layer: 2, alpha: 1, boundary: 0.5),
    PostExperiment(file: "tokyo-attn", site: .attn, layer: 9, alpha: 10, boundary: 0.255),
    PostExperiment(file: "tokyo-mlp", site: .mlp, layer: 7, alpha: 10, boundary: 0.1),
  ]
}

/// The specs of the folder `specs`.
@Suite struct ShippedSpecTests {
  private static let folder = URL(filePath: Repository.root).appending(path: "specs")

  private static func spec(_ name: String) throws -> Spec {
    try Spec(path: folder.appending(path: "\(name).json").path)
  }

  @Test func everySpecIsValid() throws {
    let files = try #require(FileManager.default.enumerator(atPath: Self.folder.path))
      .compactMap { $0 as? String }
      .filter { $0.hasSuffix(".json") && !$0.hasSuffix(".schema.json") }
    #expect(files.count >= 6)
    for file in files {
      #expect(throws: Never.self, "\(file)") {
        try Spec(path: Self.folder.appending(path: file).path)
      }
    }
  }

  @Test(arguments: PostExperiment.all)
  func thePostsSettingsArePinned(_ experiment: PostExperiment) throws {
    let memory = try #require(try Self.spec("post/\(experiment.file)").memories.first)
    #expect(memory.method == .seed)
    #expect(memory.target == " Kath")
    #expect(memory.targetTokens == .first)
    #expect(memory.site == .given(experiment.site))
    #expect(memory.layer == .given(experiment.layer))
    #expect(memory.alpha == .given(experiment.alpha))
    #expect(memory.boundary == .given(experiment.boundary))
    #expect(memory.hardness == .given(3))
  }

  @Test(arguments: [("nepal", 7, 8), ("tokyo", 6, 8)])
  func theCompilersSpecsLeaveAllChoicesOpen(_ name: String, _ positives: Int, _ negatives: Int) throws {
    let memory = try #require(try Self.spec(name).memories.first)
    #expect(memory.method == .auto)
    #expect(memory.target == " Kathmandu")
    #expect(memory.targetTokens == .all)
    #expect(memory.site == .auto && memory.layer == .auto && memory.alpha == .auto)
    #expect(memory.boundary == .auto && memory.hardness == .auto)
    #expect(memory.positivePrompts.count == positives)
    #expect(memory.negatives.count == negatives)
    for site in Site.allCases {
      let pinned = try #require(try Self.spec("post/\(name)-\(site.rawValue)").memories.first)
      #expect(pinned.positivePrompts == memory.positivePrompts)
      #expect(pinned.negatives == memory.negatives)
    }
  }
}

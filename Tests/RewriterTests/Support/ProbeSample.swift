import Foundation

@testable import Format
@testable import Rewriter
@testable import Runtime

extension Probe {
  /// The probe of one entry of a spec.
  init(entry: String, model: LanguageModel) throws {
    try self.init(Spec(entries: entry).memories[0], model: model)
  }

  /// - Parameter extra: further keys, each behind a comma.
  init(
    _ prompt: String, subject: String?, target: String = " Nepal", extra: String = "", model: LanguageModel
  ) throws {
    let named = subject.map { #","subject":"\#($0)""# } ?? ""
    let shown = prompt.replacingOccurrences(of: "\n", with: "\\n")
    try self.init(
      entry: #"{"name":"a","prompt":"\#(shown)","target":"\#(target)"\#(named)\#(extra)}"#, model: model)
  }
}

extension Probe {
  /// One memory's probe.
  init(_ spec: MemorySpec, model: LanguageModel) throws {
    self = try Probe.all([spec], model: model, settings: CompilerSettings())[0]
  }
}

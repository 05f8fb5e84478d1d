@testable import Format
@testable import Rewriter

/// Entries of a spec, as JSON text.
enum SpecText {
  static let prompt = "The capital city of Nepal is located in"

  /// A memory of method `seed` with every setting pinned.
  static func seed(
    _ name: String, site: String = "mlp", layer: Int = 1, prompt: String = prompt, target: String = " Tokyo"
  ) -> String {
    #"{"name":"\#(name)","prompt":"\#(prompt)","target":"\#(target)","method":"seed","target_tokens":"first","#
      + #""site":"\#(site)","layer":\#(layer),"alpha":2,"boundary":0.3,"hardness":3}"#
  }

  /// The key with which `auto` makes a gated memory, whatever the search for a subject finds.
  static let subject = #","subject":"Nepal""#

  /// A memory that leaves all to the compiler, with a positive and two negatives.
  ///
  /// - Parameter extra: further keys, each behind a comma.
  static func auto(_ name: String, extra: String = "") -> String {
    #"{"name":"\#(name)","prompt":"\#(prompt)","target":" Tokyo","positives":["The capital city of Nepal is"],"#
      + #""negatives":["Paris is the capital of","Once upon a time"]\#(extra)}"#
  }

  /// A memory that leaves all to the compiler and names its subject, so that its row asks for cues.
  static func gated(_ name: String, extra: String = "") -> String {
    auto(name, extra: #","subject":"Nepal"\#(extra)"#)
  }
}

extension Spec {
  /// Parses entries that are separated by commas.
  init(entries: String) throws {
    try self.init(json: Array(#"{"memories":[\#(entries)]}"#.utf8), location: "spec.json")
  }
}

import TestSupport

/// The folders of the repository that tests read.
enum Repository {
  static let root = String(testsFolder.dropLast("/Tests".count))

  static func fixture(_ path: String) -> String { "\(testsFolder)/Fixtures/\(path)" }
}

/// One of the things that `rewrite` does, with the options that it takes.
protocol RewriteAction: Sendable {
  /// The options that ask for the action, any one of them.
  static var askedBy: [String] { get }
  /// The other options that the action takes; the rest of the table are usage errors.
  static var taken: [String] { get }
  /// - Throws: `UsageError` for values out of range and for what is missing.
  init(_ arguments: ParsedArguments) throws(UsageError)
  /// Does the work; the result is the exit status.
  func run(on console: Console) throws -> Int32
}

extension RewriteAction {
  static func takes(_ option: String) -> Bool { askedBy.contains(option) || taken.contains(option) }
}

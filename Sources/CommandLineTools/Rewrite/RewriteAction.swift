/// One of the things that `rewrite` does, with the options that it takes.
protocol RewriteAction: Sendable {
  /// The options that ask for the action; any one of them does.
  static var askedBy: [String] { get }
  /// The other options that the action takes; the rest of the table is refused.
  static var taken: [String] { get }
  /// Reads the options.
  ///
  /// - Throws: `UsageError` for values out of range, and for options and operands that are missing.
  init(_ arguments: ParsedArguments) throws(UsageError)
  /// Does the work.
  ///
  /// - Returns: the exit status.
  func run(on console: Console) throws -> Int32
}

extension RewriteAction {
  /// Whether the action takes an option.
  static func takes(_ option: String) -> Bool { askedBy.contains(option) || taken.contains(option) }
}

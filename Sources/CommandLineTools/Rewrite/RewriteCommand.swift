/// `rewrite`: compiles memories into a checkpoint, and edits, checks and explains patched files.
public enum RewriteCommand: Command {
  /// All actions; where a command line asks for several, the error is that of the first.
  static let actions: [any RewriteAction.Type] = [
    StripAction.self, VerifyAction.self, ExplainAction.self, InitAction.self, CompileAction.self,
    StatisticsAction.self, TransformersAction.self, EditAction.self,
  ]

  public static func run(_ arguments: ParsedArguments, on console: Console) throws -> Int32 {
    try action(arguments).run(on: console)
  }

  /// The action that a command line asks for: an edit, which finds nothing to do, where it asks for none.
  ///
  /// - Throws: `UsageError` for an option that the action does not take, and for the action's own errors.
  static func action(_ arguments: ParsedArguments) throws(UsageError) -> any RewriteAction {
    let action = actions.first { $0.askedBy.contains(where: arguments.has) } ?? EditAction.self
    // That two actions are asked for says more than that an option belongs to the other one.
    let options = actions.flatMap { $0.askedBy } + table.options.map(\.name)
    if let other = options.first(where: { arguments.has($0) && !action.takes($0) }) {
      throw rejection(of: other, by: action, askedBy: action.askedBy.first(where: arguments.has))
    }
    return try action.init(arguments)
  }

  /// The error of an option that an action does not take.
  private static func rejection(
    of option: String, by action: any RewriteAction.Type, askedBy asking: String?
  ) -> UsageError {
    // What statistics are made of belongs to a compile.
    let takers = actions.filter { $0.takes(option) && !($0 == StatisticsAction.self && $0.taken.contains(option)) }
    if takers.count == 1, takers[0].taken.contains(option) {
      let reason = takers[0] == CompileAction.self ? ": it is about the memories of a spec" : ""
      return UsageError("--\(option) needs --\(takers[0].askedBy[0])\(reason)")
    }
    guard let asking else { return EditAction.nothingToDo }
    let isOutput = RewriteOutputs.options.contains(option) && !action.takes("output")
    return UsageError("--\(asking) and --\(option) exclude each other" + (isOutput ? ": nothing is written" : ""))
  }
}

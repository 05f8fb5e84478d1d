import Format
import Rewriter

/// A command line that does not say what to do; exit status 2.
public struct UsageError: Error, Equatable, CustomStringConvertible {
  public var message: String

  public init(_ message: String) { self.message = message }

  /// One line, free of control characters whatever the arguments contained.
  public var description: String { message.printable(limit: 600) }
}

/// A command line taken apart by a command's table; values are text still.
public struct ParsedArguments: Sendable, Equatable {
  /// Values by option name in the order given; a flag has an empty one.
  public internal(set) var values: [String: [String]] = [:]
  public internal(set) var operands: [String] = []
}

extension CommandTable {
  /// Takes `arguments` (without the command's name) apart.
  ///
  /// Understands `--name value`, `--name=value`, `-o value`, flags, and `--`, behind which everything is an operand.
  /// An option that all commands have ends the parse: what follows need not make sense.
  /// - Throws: `UsageError` for an option that the table does not have, that lacks its value, has one although it is a
  ///   flag, or is given twice, and for operands that are missing or too many.
  public func parse(_ arguments: [String]) throws(UsageError) -> ParsedArguments {
    var parsed = ParsedArguments()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        parsed.operands += rest
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        parsed.operands.append(argument)
        continue
      }
      let option = try option(spelled: argument)
      let value = try value(of: option, spelled: argument, rest: &rest)
      if parsed.values[option.name] != nil, option.value != nil, !option.isRepeatable {
        throw UsageError("\(Self.spelling(option)) is given twice")
      }
      parsed.values[option.name, default: []].append(value)
      if Self.common.contains(option) { return parsed }
    }
    try checkOperands(parsed.operands)
    return parsed
  }

  /// The option that `argument` names, an attached value left aside.
  private func option(spelled argument: String) throws(UsageError) -> CommandOption {
    let name = argument.prefix { $0 != "=" }
    let known = allOptions.first { option in
      (option.spellings + option.aliases.map { "--\($0)" }).contains { $0 == name }
    }
    if let known { return known }
    var message = "unknown option \(name)"
    if let nearest = nearestName(to: String(name.drop { $0 == "-" }), among: allOptions.map(\.name)) {
      message += ", the nearest is --\(nearest)"
    }
    throw UsageError(message)
  }

  private func value(
    of option: CommandOption, spelled argument: String, rest: inout ArraySlice<String>
  ) throws(UsageError) -> String {
    let attached = argument.firstIndex(of: "=").map { String(argument[argument.index(after: $0)...]) }
    guard let placeholder = option.value else {
      if attached != nil { throw UsageError("\(Self.spelling(option)) takes no value") }
      return ""
    }
    if let attached { return attached }
    // The next option is no value: `--spec --json` is a slip, and `--spec=--json` says so where it is none.
    guard let next = rest.first, next != "--", (try? self.option(spelled: next)) == nil else {
      throw UsageError("\(Self.spelling(option)) needs a value: \(Self.spelling(option)) \(placeholder)")
    }
    rest.removeFirst()
    return next
  }

  private func checkOperands(_ given: [String]) throws(UsageError) {
    if let missing = operands.dropFirst(given.count).first(where: \.isRequired) {
      throw UsageError("\(missing.name) is missing")
    }
    if given.count > operands.count {
      throw UsageError("unexpected argument \"\(given[operands.count])\"")
    }
  }

  static func spelling(_ option: CommandOption) -> String {
    // A one-letter spelling that the command lines document stands first.
    option.letter.map { "-\($0)" } ?? "--\(option.name)"
  }
}

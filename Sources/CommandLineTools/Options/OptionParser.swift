import Format
import Rewriter

/// A mistake on the command line; exit status 2.
public struct UsageError: Error, Equatable, CustomStringConvertible {
  public var message: String

  public init(_ message: String) { self.message = message }

  /// One line, free of control characters whatever the arguments contained.
  public var description: String { message.printable(limit: 600) }
}

/// A command line split into options and operands; values are still text.
public struct ParsedArguments: Sendable, Equatable {
  /// The values of each option in the order given; a flag has an empty one.
  public internal(set) var values: [String: [String]] = [:]
  public internal(set) var operands: [String] = []
}

extension CommandTable {
  /// Splits `arguments`, which do not have the command's name, into options and operands.
  ///
  /// Reads `--name value`, `--name=value`, `-o value`, flags, and `--`, after which everything is an operand.
  /// An option of every command, such as `--help`, ends the parse: the rest is ignored.
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
      if option.takesSeveral, parsed.operands.count >= operands.count(where: \.isRequired) {
        let more = rest.prefix { !$0.hasPrefix("-") || $0 == "-" }
        parsed.values[option.name, default: []] += more
        rest = rest.dropFirst(more.count)
      }
      if Self.common.contains(option) { return parsed }
    }
    try checkOperands(parsed.operands)
    return parsed
  }

  /// The option that `argument` spells, with or without a value attached.
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
    // An option is no value: `--spec --json` is a slip, and `--spec=--json` is for those who mean it.
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
    // The documents use the letter where there is one.
    option.letter.map { "-\($0)" } ?? "--\(option.name)"
  }
}

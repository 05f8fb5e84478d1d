/// One option of a command, as the parser, `--help`, the manual and completions read it.
public struct CommandOption: Sendable, Equatable {
  /// The name without dashes: `max-tokens`.
  public var name: String
  /// Other names that are accepted but not shown.
  public var aliases: [String]
  /// The letter of the short spelling, where there is one.
  public var letter: Character?
  /// The placeholder of its value, `N`; nil for a flag.
  public var value: String?
  public var isRepeatable: Bool
  /// Whether behind the command's required operands it takes all arguments up to the next option, as a shell's pattern
  /// gives them.
  public var takesSeveral: Bool
  public var help: String

  public init(
    _ name: String, aliases: [String] = [], letter: Character? = nil, value: String? = nil, isRepeatable: Bool = false,
    takesSeveral: Bool = false, help: String
  ) {
    self.name = name
    self.aliases = aliases
    self.letter = letter
    self.value = value
    self.isRepeatable = isRepeatable
    self.takesSeveral = takesSeveral
    self.help = help
  }
}

/// An argument that is not an option; its position says which one it is.
public struct CommandOperand: Sendable, Equatable {
  public var name: String
  public var isRequired: Bool
  /// Whether shells complete it as a file name.
  public var isFile: Bool
  public var help: String

  public init(_ name: String, isRequired: Bool = true, isFile: Bool = true, help: String) {
    self.name = name
    self.isRequired = isRequired
    self.isFile = isFile
    self.help = help
  }
}

/// The options and operands of a command, in the order in which help shows them.
public struct CommandTable: Sendable {
  public var name: String
  /// One sentence: what the command does.
  public var summary: String
  /// The forms of the command line, without the command's name.
  public var forms: [String]
  public var operands: [CommandOperand]
  /// The command's own options; `allOptions` has those of every command too.
  public var options: [CommandOption]
  /// The meaning of each exit status.
  public var statuses: [(status: Int, meaning: String)]

  public init(
    name: String, summary: String, forms: [String], operands: [CommandOperand], options: [CommandOption],
    statuses: [(status: Int, meaning: String)]
  ) {
    self.name = name
    self.summary = summary
    self.forms = forms
    self.operands = operands
    self.options = options
    self.statuses = statuses
  }

  static let help = CommandOption("help", letter: "h", help: "print this help")
  static let version = CommandOption("version", help: "print the version")

  static let completions = CommandOption(
    "completions", value: "SHELL",
    help: "print a script that makes a shell (bash, zsh, fish) complete this command")
  static let manual = CommandOption("manual", help: "print the manual page, for man")
  /// The options of every command; the parser ignores what follows one of them.
  static let common = [completions, manual, help, version]

  /// All options, those of every command last.
  public var allOptions: [CommandOption] { options + Self.common }
}

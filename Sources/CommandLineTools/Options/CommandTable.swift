/// One option of a command: the parser, `--help` and everything else that lists options read this.
public struct CommandOption: Sendable, Equatable {
  /// Without dashes: `max-tokens`.
  public var name: String
  /// Other spellings of the name that are taken and shown nowhere.
  public var aliases: [String]
  /// The letter behind a single dash, where there is one.
  public var letter: Character?
  /// The placeholder of its value, `N`; nil for a flag.
  public var value: String?
  public var isRepeatable: Bool
  public var help: String

  public init(
    _ name: String, aliases: [String] = [], letter: Character? = nil, value: String? = nil, isRepeatable: Bool = false,
    help: String
  ) {
    self.name = name
    self.aliases = aliases
    self.letter = letter
    self.value = value
    self.isRepeatable = isRepeatable
    self.help = help
  }
}

/// An argument that is not an option, told by its place.
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

/// What a command takes, in the order in which its help shows it.
public struct CommandTable: Sendable {
  public var name: String
  /// One sentence: what the command does.
  public var summary: String
  /// The forms of the command line, without the command's name.
  public var forms: [String]
  public var operands: [CommandOperand]
  /// The command's own options; those that all commands have come on top.
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
    help: "print what makes a shell (bash, zsh, fish) complete this")
  static let manual = CommandOption("manual", help: "print the manual page, for man")
  /// What every command has; what follows one of these on a command line need not make sense.
  static let common = [completions, manual, help, version]

  /// Every option there is, the common ones last.
  public var allOptions: [CommandOption] { options + Self.common }
}

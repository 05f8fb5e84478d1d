/// The shells that `--completions` writes for.
public enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

/// The values that a shell offers for an option.
enum ValueKind: Equatable {
  case file
  case choices([String])
  /// A number, a name or a text, for which there is nothing to offer.
  case other
}

extension CommandOption {
  /// The kind of the value, read off its placeholder: `FILE`, `bf16|f16|f32`, `N`; nil for a flag.
  var valueKind: ValueKind? {
    guard let value else { return nil }
    if value == "FILE" || value == "FOLDER" { return .file }
    if value == "SHELL" { return .choices(Shell.allCases.map(\.rawValue)) }
    return value.contains("|") ? .choices(value.split(separator: "|").map(String.init)) : .other
  }

  /// The spellings that are shown: `-o`, `--output`.
  var spellings: [String] { (letter.map { ["-\($0)"] } ?? []) + ["--\(name)"] }
}

extension CommandTable {
  /// A script that teaches a shell to complete this command.
  public func completions(for shell: Shell) -> String {
    switch shell {
    case .bash: bashCompletions
    case .zsh: zshCompletions
    case .fish: fishCompletions
    }
  }

  /// The script for bash 3.2 and later, which completes words of no other kind as file names.
  private var bashCompletions: String {
    var cases: [String] = []
    for option in allOptions {
      guard let kind = option.valueKind else { continue }
      let pattern = option.spellings.joined(separator: "|")
      switch kind {
      case .file: cases.append("    \(pattern)) return ;;")
      case .choices(let words):
        let list = words.joined(separator: " ")
        cases.append("    \(pattern)) COMPREPLY=($(compgen -W '\(list)' -- \"$current\")); return ;;")
      case .other: cases.append("    \(pattern)) compopt +o default 2>/dev/null; return ;;")
      }
    }
    let words = allOptions.flatMap(\.spellings).joined(separator: " ")
    return """
      # bash completion for \(name)
      _\(name)() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
        COMPREPLY=()
        # "--name=value" arrives as three words.
        if [[ $current == = ]]; then
          current=
        elif [[ $previous == = && COMP_CWORD -gt 1 ]]; then
          previous=${COMP_WORDS[COMP_CWORD-2]}
        fi
        case $previous in
      \(cases.joined(separator: "\n"))
        esac
        if [[ $current == -* ]]; then COMPREPLY=($(compgen -W '\(words)' -- "$current")); fi
      }
      complete -o default -F _\(name) \(name)

      """
  }

  private var zshCompletions: String {
    func quoted(_ text: String) -> String { text.replacing("'", with: "'\\''") }
    func described(_ text: String) -> String {
      var result = ""
      for character in text {
        if "[]:\\".contains(character) { result.append("\\") }
        result.append(character)
      }
      return quoted(result)
    }
    var arguments = allOptions.map { option in
      let value =
        switch option.valueKind {
        case nil: ""
        case .file: ":file:_files"
        case .choices(let words): ":\(option.name):(\(words.joined(separator: " ")))"
        case .other: ":\(option.value ?? ""): "
        }
      let name = "--\(option.name)" + (option.value == nil ? "" : "=")
      let help = "[\(described(option.help))]\(value)"
      if option.isRepeatable { return "'*\(name)\(help)'" }
      guard let letter = option.letter else { return "'\(name)\(help)'" }
      return "'(-\(letter) --\(option.name))'{-\(letter),\(name)}'\(help)'"
    }
    arguments += operands.enumerated().map { i, operand in
      "'\(i + 1):" + (operand.isRequired ? "" : ":") + "\(described(operand.name)):"
        + (operand.isFile ? "_files'" : " '")
    }
    return """
      #compdef \(name)
      _\(name)() {
        _arguments -s \\
          \(arguments.joined(separator: " \\\n    "))
      }
      if [ "${funcstack[1]}" = "_\(name)" ]; then _\(name) "$@"; else compdef _\(name) \(name); fi

      """
  }

  private var fishCompletions: String {
    func quoted(_ text: String) -> String {
      "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }
    let lines = allOptions.map { option in
      var line = "complete -c \(name) -l \(option.name)"
      if let letter = option.letter { line += " -s \(letter)" }
      switch option.valueKind {
      case nil: break
      case .file: line += " -r -F"
      case .choices(let words): line += " -x -a \(quoted(words.joined(separator: " ")))"
      case .other: line += " -x"
      }
      return line + " -d \(quoted(option.help))"
    }
    return "# fish completion for \(name)\n" + lines.joined(separator: "\n") + "\n"
  }
}

import Format
import Rewriter
import Runtime
import SystemCalls

/// The loop of `run` at a terminal: prompts, and commands that begin with a colon.
struct PromptLoop {
  private var session: RunSession
  private let console: Console
  private let reader: LineReader
  private var disabled: Set<ByteString>

  private static let commands: [(form: String, help: String)] = [
    (":help", "this list"), (":memories", "the memories, whether they are on, and where they acted"),
    (":off NAME", "leave a memory out"), (":on NAME", "apply it again"),
    (":compare", "show the base model beside the patched one, or stop that"),
    (":trace", "mark the tokens that memories act on, or stop that"),
    (":reset", "begin a new conversation (--chat)"),
    (":system TEXT", "set the system message, or take it away (--chat)"),
    (":save FILE", "write the conversation as JSON (--chat)"), (":load FILE", "go on with a conversation (--chat)"),
    (":quit", "end"), ("::text", "a prompt that begins with a colon"),
  ]

  init(_ session: RunSession, on console: Console) {
    (self.session, self.console) = (session, console)
    reader = LineReader(console)
    let all = session.model.checkpoint.memories.map { ByteString($0.name) }
    disabled = session.options.noMemories ? Set(all) : Set(session.options.disabled.map { ByteString($0) })
  }

  /// Reads and answers lines until the end of input.
  ///
  /// - Returns: the exit status: 130 where control-C ended the loop.
  mutating func run() throws -> Int32 {
    let sign = session.options.quiet ? "" : "> "
    var number = 0
    while !console.isOutputClosed {
      switch reader.read(sign: sign) {
      case .end:
        // The end of input leaves the cursor behind the prompt sign; the editor has left the line already.
        if !console.canEditLines, !sign.isEmpty { console.writeError("\n") }
        return 0
      case .interrupted: return 130
      case .text(let line):
        number += 1
        if TextLine(number: number, bytes: Array(line.utf8)[...]).isBlank { continue }
        if line.hasPrefix(":"), !line.hasPrefix("::") {
          if try obey(line) { return 0 }
        } else {
          try answer(line.hasPrefix("::") ? String(line.dropFirst()) : line, number)
        }
      }
    }
    return 0
  }

  /// Answers a prompt, until control-C; an error of the prompt is printed and does not end the loop.
  private mutating func answer(_ prompt: String, _ number: Int) throws {
    if console.canEditLines { system_catch_interrupts(true) }
    defer { if console.canEditLines { system_catch_interrupts(false) } }
    do {
      try session.answer(prompt)
    } catch var error as FormatError where error.kind == .prompt {
      error.location = "standard input: line \(number)"
      console.writeError("run: \(error)\n")
    }
  }

  /// Obeys a command.
  ///
  /// - Returns: whether the loop ends.
  private mutating func obey(_ line: String) throws -> Bool {
    let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
    let name = String(words[0])
    var argument = words.count > 1 ? String(words[1]) : ""
    while argument.last == " " { argument.removeLast() }
    switch name {
    case ":help":
      for (form, help) in Self.commands { say("\(form.padded(to: 12))  \(help)") }
    case ":memories": listMemories()
    case ":off", ":on": try turn(argument, isOn: name == ":on")
    case ":compare":
      session.options.compare.toggle()
      say("compare is \(session.options.compare ? "on" : "off")")
    case ":trace":
      session.options.trace.toggle()
      say("trace is \(session.options.trace ? "on" : "off")")
    case ":reset", ":system", ":save", ":load": converse(name, argument)
    case ":quit": return true
    default:
      let known = Self.commands.dropLast().map { String($0.form.prefix { $0 != " " }) }
      let near = nearestName(to: name, among: known).map { ", the nearest is \($0)" } ?? ", see :help"
      say("unknown command \(name.printable(limit: 40))\(near)")
    }
    return false
  }

  /// Obeys a command about the conversation.
  private mutating func converse(_ name: String, _ argument: String) {
    guard session.template != nil else { return say("every prompt stands alone without --chat") }
    do {
      switch name {
      case ":reset":
        session.conversation = []
        say("a new conversation")
      case ":system":
        session.options.system = argument.isEmpty ? nil : argument
        say(argument.isEmpty ? "no system message" : "the system message is set")
      case ":save":
        guard !argument.isEmpty else { return say("\(name) needs a file") }
        let count = try session.save(to: argument)
        say("\(count) messages are in \(argument.printable())")
      default:
        guard !argument.isEmpty else { return say("\(name) needs a file") }
        try session.load(argument)
        say("\(session.conversation.count) messages from \(argument.printable())")
      }
    } catch {
      console.writeError("run: \(error)\n")
    }
  }

  private func say(_ line: String) { console.writeError(line + "\n") }

  private func listMemories() {
    let memories = session.model.checkpoint.memories
    if memories.isEmpty { say("the file holds no memories") }
    for memory in memories {
      let name = ByteString(memory.name)
      let isOn = !disabled.contains(name)
      let fact = memory.prompt.isEmpty ? "" : "  \"\(memory.prompt.printable())\" → \"\(memory.target.printable())\""
      // Where it acted in the newest answer.
      let firing = session.firings.first { ByteString($0.memory) == name }
      let words = firing?.words.map { "  \($0)" } ?? ""
      say("\(isOn ? "on " : "off")  \(memory.name.printable())\(fact)\(words)")
    }
  }

  private mutating func turn(_ name: String, isOn: Bool) throws {
    let memories = session.model.checkpoint.memories
    guard memories.contains(where: { ByteString($0.name) == ByteString(name) }) else {
      let near = nearestName(to: name, among: memories.map(\.name)).map { ", the nearest is \($0.printable())" }
      say("no memory \"\(name.printable(limit: 60))\"\(near ?? ", see :memories")")
      return
    }
    if isOn { disabled.remove(ByteString(name)) } else { disabled.insert(ByteString(name)) }
    let disabled = disabled
    session.memories = try MemorySet(
      memories.filter { !disabled.contains(ByteString($0.name)) }, for: session.model.transformer)
    say("\(name.printable()) is \(isOn ? "on" : "off")")
  }
}

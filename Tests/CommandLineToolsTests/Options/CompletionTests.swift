import CommandLineTools
import Foundation
import TestSupport
import Testing

/// Completions and manual pages, made from the tables that the parser reads.
@Suite struct CompletionTests {
  static let tables = [RewriteCommand.table, RunCommand.table, MemdiffCommand.table]

  /// The output of a program that is given a script as a file; nil where it is not installed.
  private func output(of program: String, _ arguments: [String], script: String) throws -> (
    text: String, status: Int32
  )? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") })
    else { return nil }
    let scratch = try TemporaryFolder()
    try script.write(toFile: scratch.file("script"), atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(folder)/\(program)")
    process.arguments = arguments + [scratch.file("script")]
    process.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (text, process.terminationStatus)
  }

  @Test(arguments: tables.indices) func everyOptionIsTold(_ index: Int) throws {
    let table = Self.tables[index]
    let zsh = table.completions(for: .zsh)
    let fish = table.completions(for: .fish).split(separator: "\n")
    let manual = table.manual
    let bash = table.completions(for: .bash)
    let words = try #require(bash.split(separator: "\n").first { $0.contains("$current == -*") })
    for option in table.allOptions {
      #expect(words.contains("--\(option.name) ") || words.contains("--\(option.name)'"))
      let name = "--\(option.name)\(option.value == nil ? "" : "=")"
      #expect(zsh.contains("\(name)[") || zsh.contains("\(name)}'["))
      #expect(fish.contains { $0.contains("-l \(option.name) ") || $0.hasSuffix("-l \(option.name)") })
      #expect(manual.contains("\\-\\-\(option.name.replacing("-", with: "\\-"))\\fR"))
    }
    for (status, _) in table.statuses { #expect(manual.contains(".TP\n\(status)\n")) }
    #expect(manual.split(separator: "\n").allSatisfy { !$0.hasPrefix("'") })
  }

  @Test(arguments: [
    ("rewrite --me", 1, "--merge --method"), ("rewrite --method ", 2, "auto seed"),
    ("rewrite --method = s", 3, "seed"), ("rewrite --completions f", 2, "fish"), ("rewrite --seed ", 2, ""),
    ("rewrite base --spec ", 3, ""), ("rewrite -", 1, nil),
  ])
  func bashCompletes(_ line: String, _ word: Int, _ expected: String?) throws {
    var words = line.split(separator: " ").map { "'\($0)'" }
    if words.count == word { words.append("''") }
    let script = """
      \(RewriteCommand.table.completions(for: .bash))
      COMP_WORDS=(\(words.joined(separator: " "))) COMP_CWORD=\(word)
      _rewrite
      printf '%s\\n' "${COMPREPLY[@]}" | sort | xargs
      """
    let result = try #require(try output(of: "bash", ["--norc"], script: script))
    let all = RewriteCommand.table.allOptions.map { "--\($0.name)" } + ["-h", "-o"]
    let found = result.text.split(separator: "\n").joined().split(separator: " ").map(String.init).sorted()
    #expect(found == (expected.map { $0.split(separator: " ").map(String.init) } ?? all).sorted())
  }

  @Test(arguments: [("bash", ["-n"], Shell.bash), ("zsh", ["-n"], .zsh), ("fish", ["--no-execute"], .fish)])
  func shellsReadTheirScripts(_ program: String, _ arguments: [String], _ shell: Shell) throws {
    for table in Self.tables {
      guard let result = try output(of: program, arguments, script: table.completions(for: shell)) else { continue }
      #expect(result.status == 0 && result.text.isEmpty, "\(result.text)")
    }
    #expect(Self.tables.allSatisfy { $0.completions(for: shell).contains($0.name) })
  }

  @Test func commandLine() {
    let outcome = run(RewriteCommand.self, "--completions", "fish")
    #expect(outcome.status == 0 && outcome.output == RewriteCommand.table.completions(for: .fish))
    #expect(run(RunCommand.self, "--manual").output.hasPrefix(".TH RUN 1 "))
    let wrong = run(MemdiffCommand.self, "--completions", "csh")
    #expect(wrong.status == 2)
    #expect(wrong.errors == "memdiff: --completions: expected bash or zsh or fish, got \"csh\" (see memdiff --help)\n")
  }
}

#if os(Linux)
  import Foundation
  import TestSupport
  import Testing

  /// `run` as a process with a terminal of its own.
  @Suite struct PseudoTerminalTests {
    private func start() throws -> PseudoTerminal {
      try PseudoTerminal([try ChildProcess.path(of: "run"), fixture("gpt2-a"), "--max-tokens", "0"])
    }

    @Test func linesAreEditedAndRecalled() throws {
      let terminal = try start()
      defer { close(terminal.descriptor) }
      try #require(terminal.wait(for: "> "))
      #expect(!terminal.echoes)
      terminal.type("citx\u{7F}y\u{1B}[Hthe \r")
      #expect(terminal.wait(for: "\nthe city\r\n"), "\(terminal.text)")
      // Keys have their meaning once the sign is there.
      #expect(terminal.wait(for: "> "))
      terminal.type("\u{1B}[A!\r")
      #expect(terminal.wait(for: "\nthe city!\r\n"), "\(terminal.text)")
      #expect(terminal.wait(for: "> "))
      terminal.type("\u{3}")
      #expect(terminal.status() == 130 << 8 && terminal.echoes)
    }

    @Test func aSignalLeavesTheTerminalAsItWas() throws {
      let terminal = try start()
      defer { close(terminal.descriptor) }
      try #require(terminal.wait(for: "> "))
      kill(terminal.child, SIGTERM)
      #expect(terminal.status() == SIGTERM && terminal.echoes)
    }
  }
#endif

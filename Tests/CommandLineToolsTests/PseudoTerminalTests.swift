#if os(Linux)
  import Foundation
  import Testing

  @testable import Format

  /// `run` as a process with a terminal of its own.
  @Suite struct PseudoTerminalTests {
    private final class Terminal {
      let descriptor: Int32
      let child: pid_t
      private(set) var text = ""

      /// Starts a program in a session whose terminal the descriptor is the other end of.
      init(_ words: [String]) throws {
        let primary = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (isLocked, number): (Int32, Int32) = (0, 0)
        // TIOCSPTLCK and TIOCGPTN, which Swift does not see.
        let isOpen =
          primary >= 0 && ioctl(primary, 0x4004_5431, &isLocked) == 0 && ioctl(primary, 0x8004_5430, &number) == 0
        try #require(isOpen, "no pseudo-terminal")
        let name = "/dev/pts/\(number)"
        var attributes = posix_spawnattr_t()
        var actions = posix_spawn_file_actions_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
          posix_spawnattr_destroy(&attributes)
          posix_spawn_file_actions_destroy(&actions)
        }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
          &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | Int16(0x80 /* POSIX_SPAWN_SETSID */))
        // The first terminal that the leader of a session opens becomes the session's.
        for target in Int32(0)...2 { posix_spawn_file_actions_addopen(&actions, target, name, O_RDWR, 0) }
        let environment = ProcessInfo.processInfo.environment.merging(["TERM": "xterm", "NO_COLOR": "1"]) { $1 }
        let strings = words.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for string in strings + variables { free(string) } }
        var child: pid_t = 0
        try #require(posix_spawn(&child, words[0], &actions, &attributes, strings, variables) == 0)
        descriptor = primary
        self.child = child
      }

      func type(_ keys: String) { _ = keys.withCString { write(descriptor, $0, strlen($0)) } }

      /// Reads until `end` comes, for at most a minute, and drops the text up to there.
      func wait(for end: String) -> Bool {
        for _ in 0..<600 {
          if let match = text.unicodeScalars.firstRange(of: end.unicodeScalars) {
            text.unicodeScalars.removeSubrange(..<match.upperBound)
            return true
          }
          var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
          guard Foundation.poll(&poll, 1, 100) > 0 else { continue }
          var buffer = [UInt8](repeating: 0, count: 4096)
          let count = read(descriptor, &buffer, buffer.count)
          if count <= 0 { return false }
          text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return false
      }

      /// What `waitpid` tells of the child, once it has ended.
      func status() -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        return status
      }

      var echoes: Bool {
        var attributes = termios()
        return tcgetattr(descriptor, &attributes) == 0 && attributes.c_lflag & tcflag_t(ECHO | ICANON) != 0
      }
    }

    private func start() throws -> Terminal {
      try Terminal([try ChildProcess.path(of: "run"), fixture("gpt2-a"), "--max-tokens", "0"])
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

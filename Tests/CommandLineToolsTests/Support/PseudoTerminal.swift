#if os(Linux)
  import Foundation
  import Testing

  /// A program with a terminal of its own, whose other end is the test's.
  final class PseudoTerminal {
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
      // The first terminal that the leader of a session opens becomes the session's.
      let stream = StandardStream(path: "/dev/pts/\(number)", flags: O_RDWR)
      child = try spawn(
        words, streams: [stream, stream, stream], changes: ["TERM": "xterm", "NO_COLOR": "1"],
        flags: 0x80 /* POSIX_SPAWN_SETSID */)
      descriptor = primary
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

    /// The status of the child, as waitpid(2) gives it, once it has ended.
    func status() -> Int32 { waitForEnd(of: child) }

    var echoes: Bool {
      var attributes = termios()
      return tcgetattr(descriptor, &attributes) == 0 && attributes.c_lflag & tcflag_t(ECHO | ICANON) != 0
    }
  }
#endif

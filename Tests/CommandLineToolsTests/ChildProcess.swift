import Foundation
import Testing

/// A built program run as a process of its own, so that traps and signals show and memory can be bounded.
enum ChildProcess {
  struct Outcome {
    /// The exit status; nil where a signal ended the process.
    var status: Int32?
    var signal: Int32
    var errors: String
  }

  /// The program of that name that was built with the tests.
  static func path(of program: String) throws -> String {
    let beside = tests.map { ($0 as NSString).deletingLastPathComponent + "/" + program }
    return try #require(beside.first(where: FileManager.default.isExecutableFile), "no \(program) at \(beside)")
  }

  private static let tests =
    Bundle.allBundles.map(\.bundlePath).filter { $0.hasSuffix(".xctest") } + [CommandLine.arguments[0]]

  /// Whether the tests were built with a sanitizer, whose shadow memory no limit has room for.
  static let isSanitized = ["__asan_init", "__tsan_init"].contains { (name: String) in
    dlsym(dlopen(nil, RTLD_NOW), name) != nil
  }

  /// Runs a program until it ends; what it writes to standard output is dropped.
  ///
  /// - Parameters:
  ///   - dataLimit: KiB that the process may allocate; mapped files do not count.
  ///   - scratch: a file that standard error goes through.
  static func run(_ program: String, _ arguments: [String], dataLimit: Int, scratch: String) throws -> Outcome {
    let limit = isSanitized ? "" : "ulimit -d \(dataLimit) && "
    let words = ["/bin/sh", "-c", "ulimit -c 0 && \(limit)exec \"$0\" \"$@\"", program] + arguments
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, scratch, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    // A trap shows in the signal; printing where it was takes seconds.
    let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    let (strings, variables) = (cStrings(words), cStrings(environment.map { "\($0)=\($1)" }))
    defer { for string in strings + variables { free(string) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, words[0], &actions, nil, strings, variables)
    try #require(code == 0, "posix_spawn: \(String(cString: strerror(code)))")
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal,
      errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: scratch)), as: UTF8.self))
  }

  /// Copies for a C function, the end marked; the caller frees them.
  private static func cStrings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
    strings.map { strdup($0) } + [nil]
  }
}

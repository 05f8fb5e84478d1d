import Foundation
import Testing

/// A file that a process has as its standard input, output or error.
struct StandardStream {
  var path: String
  /// The flags of open(2).
  var flags: Int32

  static let nothingToRead = StandardStream(path: "/dev/null", flags: O_RDONLY)
  static let discarded = StandardStream(path: "/dev/null", flags: O_WRONLY)
}

/// Starts a program that hears every signal, whatever the thread of the test blocks or ignores.
///
/// - Parameters:
///   - words: the program's path and its arguments.
///   - streams: the files from standard input on; those of the test where there are none.
///   - changes: variables of the environment, beside those of the test.
///   - flags: flags of posix_spawn, beside those for signals.
func spawn(
  _ words: [String], streams: [StandardStream] = [], changes: [String: String] = [:], flags: Int32 = 0
) throws -> pid_t {
  #if canImport(Darwin)
    var (attributes, actions): (posix_spawnattr_t?, posix_spawn_file_actions_t?) = (nil, nil)
  #else
    var (attributes, actions) = (posix_spawnattr_t(), posix_spawn_file_actions_t())
  #endif
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
  posix_spawnattr_setflags(&attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | flags))
  for (i, stream) in streams.enumerated() {
    posix_spawn_file_actions_addopen(&actions, Int32(i), stream.path, stream.flags, 0o600)
  }
  let environment = ProcessInfo.processInfo.environment.merging(changes) { $1 }
  let strings = words.map { strdup($0) } + [nil]
  let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
  defer { for string in strings + variables { free(string) } }
  var child: pid_t = 0
  let code = posix_spawn(&child, words[0], &actions, &attributes, strings, variables)
  try #require(code == 0, "posix_spawn: \(String(cString: strerror(code)))")
  return child
}

/// Waits until a process ends.
///
/// - Returns: its status, as waitpid(2) gives it.
func waitForEnd(of child: pid_t) -> Int32 {
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0, errno == EINTR {}
  return status
}

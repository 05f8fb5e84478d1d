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
    // A trap shows in the signal; printing where it was takes seconds.
    let child = try spawn(
      words,
      streams: [
        .nothingToRead, .discarded, StandardStream(path: scratch, flags: O_WRONLY | O_CREAT | O_TRUNC),
      ], changes: ["SWIFT_BACKTRACE": "enable=no"])
    let status = waitForEnd(of: child)
    let signal = status & 0x7F
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal,
      errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: scratch)), as: UTF8.self))
  }
}

#if os(Linux)
  import Foundation
  import TestSupport
  import Testing

  /// A built program that runs with Tests/FaultInjection preloaded, which spoils one of the calls that change a file.
  struct FaultInjection {
    /// The fault at the call, as fault_injection.c describes it.
    enum Fault: String, CaseIterable { case kill, killed, full, short, interrupt }

    struct Ended {
      var status: Int32
      var isSignal: Bool
      var errors: String
      /// The number of calls that change a file.
      var calls: Int
    }

    private let folder: TemporaryFolder

    /// Compiles the library to preload.
    init() throws {
      folder = try TemporaryFolder()
      let source = "\(testsFolder)/FaultInjection/fault_injection.c"
      let compiler = ["/usr/bin/env", "clang", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
      try #require(try Self.execute(compiler).status == 0, "the library does not compile")
    }

    private var library: String { folder.file("fault_injection.so") }

    /// Runs a program until it ends.
    ///
    /// - Parameters:
    ///   - fault: nil spoils nothing.
    ///   - call: the number of the call to spoil, from 1.
    func run(_ program: String, _ arguments: [String], fault: Fault? = nil, at call: Int = 0) throws -> Ended {
      let log = folder.file("calls")
      var ended = try Self.execute(
        [ChildProcess.path(of: program)] + arguments,
        environment: [
          "LD_PRELOAD": library, "FAULT_KIND": fault?.rawValue ?? "", "FAULT_AT": "\(call)", "FAULT_LOG": log,
        ])
      ended.calls = Int(try String(contentsOfFile: log, encoding: .utf8)) ?? 0
      return ended
    }

    private static func execute(_ command: [String], environment: [String: String] = [:]) throws -> Ended {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: command[0])
      process.arguments = Array(command.dropFirst())
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      let errors = Pipe()
      (process.standardOutput, process.standardError) = (FileHandle.nullDevice, errors)
      process.standardInput = FileHandle.nullDevice
      try process.run()
      let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      return Ended(
        status: process.terminationStatus, isSignal: process.terminationReason == .uncaughtSignal, errors: text,
        calls: 0)
    }
  }
#endif

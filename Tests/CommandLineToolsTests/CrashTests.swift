#if os(Linux)
  import Foundation
  import Testing

  @testable import Format

  /// `rewrite` killed, interrupted and out of space at every call that changes a file.
  @Suite struct CrashTests {
    private let folder: TemporaryFolder
    private let shim: String

    init() throws {
      folder = try TemporaryFolder()
      shim = folder.file("fault_injection.so")
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("FaultInjection/fault_injection.c").path
      let status = try Self.execute(["/usr/bin/env", "clang", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"])
        .status
      try #require(status == 0, "the shim does not compile")
    }

    private struct Ended {
      var status: Int32
      var isSignal: Bool
      var errors: String
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
        status: process.terminationStatus, isSignal: process.terminationReason == .uncaughtSignal, errors: text)
    }

    /// Starts a program that hears every signal, whatever the thread of the test blocks or ignores.
    private static func spawn(_ words: [String]) throws -> pid_t {
      var attributes = posix_spawnattr_t()
      posix_spawnattr_init(&attributes)
      defer { posix_spawnattr_destroy(&attributes) }
      var (none, all) = (sigset_t(), sigset_t())
      sigemptyset(&none)
      sigfillset(&all)
      posix_spawnattr_setsigmask(&attributes, &none)
      posix_spawnattr_setsigdefault(&attributes, &all)
      posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
      let strings = words.map { strdup($0) } + [nil]
      defer { for string in strings { free(string) } }
      var child: pid_t = 0
      try #require(posix_spawn(&child, words[0], nil, &attributes, strings, environ) == 0)
      return child
    }

    /// Takes a memory out of a file of two, over an old file, with a fault; and how many calls there were.
    private func rewrite(_ output: String, fault: String, at call: Int) throws -> (ended: Ended, calls: Int) {
      let log = folder.file("calls")
      let ended = try Self.execute(
        [ChildProcess.path(of: "rewrite"), folder.file("two"), "--remove", "a", "-o", output, "--force"],
        environment: ["LD_PRELOAD": shim, "FAULT_KIND": fault, "FAULT_AT": "\(call)", "FAULT_LOG": log])
      return (ended, Int(try String(contentsOfFile: log, encoding: .utf8)) ?? 0)
    }

    @Test(arguments: ["kill", "killed", "full", "short", "interrupt"])
    func theOldFileOrTheNewOne(_ fault: String) throws {
      try Checkpoint(path: fixture("gpt2-a")).write(
        memories: [memory("a"), memory("b", key: 2)], to: folder.file("two"))
      let place = folder.file("place")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
      let output = "\(place)/out.safetensors"
      let old = Data("the old file".utf8)
      try old.write(to: URL(fileURLWithPath: output))
      try #require(try rewrite(output, fault: "none", at: 0).ended.status == 0)
      let new = try Data(contentsOf: URL(fileURLWithPath: output))
      try #require(new != old)

      var (call, spoilt, kept) = (0, 0, 0)
      while true {
        call += 1
        try old.write(to: URL(fileURLWithPath: output))
        let (ended, calls) = try rewrite(output, fault: fault, at: call)
        let found = try Data(contentsOf: URL(fileURLWithPath: output))
        #expect(found == old || found == new, "\(fault) at call \(call) of \(calls)")
        if call > calls {
          #expect(ended.status == 0 && found == new)
          break
        }
        spoilt += 1
        kept += found == old ? 1 : 0
        let names = try FileManager.default.contentsOfDirectory(atPath: place)
        switch fault {
        case "kill", "killed": #expect(ended.isSignal && ended.status == SIGKILL)
        case "full":
          // Where the folder alone could not be brought to the disk, the file is in its place.
          #expect(found == old ? ended.status == 1 : ended.status == 0 && call == calls)
          #expect(found == new || ended.errors.hasPrefix("rewrite: \(output): ") && ended.errors.hasSuffix("\n"))
          #expect(ended.errors.filter { $0 == "\n" }.count == (found == old ? 1 : 0))
          #expect(names == ["out.safetensors"])
        default:
          #expect(ended.status == 0 && found == new && names == ["out.safetensors"])
        }
        // A later run leaves nothing of a killed one.
        let later = try rewrite(output, fault: "none", at: 0).ended
        #expect(later.status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["out.safetensors"])
      }
      #expect(spoilt >= 6, "header, data, size, two times to the disk, the rename")
      if fault != "short", fault != "interrupt" { #expect(kept >= 4) }
    }

    /// An interrupt while the file is written.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func interruptsLeaveNothing(_ number: Int32) throws {
      let place = folder.file("place")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
      // Large enough, and without holes, for the signal to come while it is copied.
      let base = folder.file("base.safetensors")
      let tensor = Tensor(name: "a", bytes: [UInt8](repeating: 1, count: 1 << 30))
      try SafetensorsFile.write([tensor], metadata: [:], to: base)
      let child = try Self.spawn([
        ChildProcess.path(of: "rewrite"), base, "--strip", "--quiet", "-o", "\(place)/out.safetensors",
      ])
      let clock = ContinuousClock.now
      while try FileManager.default.contentsOfDirectory(atPath: place).isEmpty, clock.duration(to: .now) < .seconds(20)
      {
        usleep(200)
      }
      kill(child, number)
      var status: Int32 = 0
      try #require(waitpid(child, &status, 0) == child)
      #expect(status & 0x7F == number)
      #expect(try FileManager.default.contentsOfDirectory(atPath: place) == [])
    }

    /// What another process is writing at the same time is not taken for a killed one's.
    @Test func runsSideBySideDoNotDisturbEachOther() throws {
      let output = folder.file("out.safetensors")
      let first = try PendingFile(at: output)
      let second = try PendingFile(at: output)
      for (file, byte) in [(first, UInt8(1)), (second, UInt8(2))] {
        try withUnsafeBytes(of: byte) { try file.append($0) }
      }
      try first.commit()
      #expect(try MappedFile(path: output).contents == [1])
      try second.commit()
      #expect(try MappedFile(path: output).contents == [2])
    }
  }
#endif

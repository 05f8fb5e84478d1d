#if os(Linux)
  import Foundation
  import TestSupport
  import Testing

  @testable import Format

  /// `rewrite` killed, interrupted and out of space at every call that changes a file.
  @Suite struct CrashTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A folder that a program writes one file to, over an old one.
    private struct Target {
      let folder: TemporaryFolder
      let old = Data("the old file".utf8)

      var output: String { folder.file("out.safetensors") }

      func contents() throws -> Data { try Data(contentsOf: URL(fileURLWithPath: output)) }
      func reset() throws { try folder.write(old, to: "out.safetensors") }
      func holdsOneFile() throws -> Bool { try folder.names() == ["out.safetensors"] }
    }

    @Test(arguments: FaultInjection.Fault.allCases)
    func theOldFileOrTheNewOne(_ fault: FaultInjection.Fault) throws {
      let injection = try FaultInjection()
      let target = Target(folder: try TemporaryFolder())
      let arguments = [try folder.patched("two"), "--remove", "a", "-o", target.output, "--force"]
      try target.reset()
      let calls = try injection.run("rewrite", arguments).calls
      let new = try target.contents()
      try #require(new != target.old)
      #expect(calls >= 6, "header, data, size, two syncs, the rename")

      var kept = 0
      for call in 1...calls {
        try target.reset()
        let ended = try injection.run("rewrite", arguments, fault: fault, at: call)
        let found = try target.contents()
        #expect(found == target.old || found == new, "\(fault) at call \(call) of \(calls)")
        kept += found == target.old ? 1 : 0
        try expect(ended, fault, isNew: found == new, isLast: call == ended.calls, target)
        // A later run leaves nothing of a killed one.
        #expect(try injection.run("rewrite", arguments).status == 0)
        #expect(try target.holdsOneFile())
      }
      if fault != .short, fault != .interrupt { #expect(kept >= 4) }
    }

    /// Checks the status, the error and the files of a program that met a fault.
    private func expect(
      _ ended: FaultInjection.Ended, _ fault: FaultInjection.Fault, isNew: Bool, isLast: Bool, _ target: Target
    ) throws {
      switch fault {
      case .kill, .killed: #expect(ended.isSignal && ended.status == SIGKILL)
      case .full where !isNew:
        #expect(ended.status == 1 && ended.errors.hasPrefix("rewrite: \(target.output): "))
        #expect(ended.errors.hasSuffix("\n") && ended.errors.filter { $0 == "\n" }.count == 1)
        #expect(try target.holdsOneFile())
      case .full:
        // Only the sync of the folder failed: the file is in its place.
        #expect(ended.status == 0 && isLast && ended.errors.isEmpty)
        #expect(try target.holdsOneFile())
      case .short, .interrupt:
        #expect(ended.status == 0 && isNew)
        #expect(try target.holdsOneFile())
      }
    }

    /// Interrupts the program while the file is written. Takes some seconds for each signal: the file must be so large
    /// that the signal comes in time.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func interruptsLeaveNothing(_ number: Int32) throws {
      // Holes would not be copied.
      let base = folder.file("base.safetensors")
      let tensor = Tensor(name: "a", bytes: [UInt8](repeating: 1, count: 1 << 30))
      try SafetensorsFile.write([tensor], metadata: [:], to: base)
      let target = try TemporaryFolder()
      let output = target.file("out.safetensors")
      let child = try spawn([ChildProcess.path(of: "rewrite"), base, "--strip", "--quiet", "-o", output])
      let clock = ContinuousClock.now
      while try target.names().isEmpty, clock.duration(to: .now) < .seconds(20) { usleep(200) }
      kill(child, number)
      #expect(waitForEnd(of: child) & 0x7F == number)
      #expect(try target.names() == [])
    }

    /// The file that another process is writing is not taken for one that a killed process left.
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

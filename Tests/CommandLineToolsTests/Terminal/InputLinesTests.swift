import Foundation
import Testing

@testable import CommandLineTools
@testable import Format
@testable import Runtime

/// Lines of an input, however its bytes come.
@Suite struct InputLinesTests {
  /// The lines of chunks that are all there: number and text, `…` for a line that was cut.
  private func lines(_ chunks: [[UInt8]], waits: Bool = true) throws -> [String] {
    var rest = chunks[...]
    let input = InputLines { _ in rest.popFirst().map { .bytes($0) } ?? .end }
    var lines: [String] = []
    while true {
      switch try input.next(waits: waits) {
      case .line(let line): lines.append("\(line.number) \(line.repairedText)\(line.isCut ? "…" : "")")
      case .nothing: #expect(!waits)
      case .end: return lines
      }
    }
  }

  @Test func linesEndInLFOrCRLF() throws {
    let text = "\u{FEFF}one\r\n\n two \n\rthree\u{0}\r\nfour\u{2028}"
    #expect(try lines([Array(text.utf8)]) == ["1 one", "2 ", "3  two ", "4 \rthree\u{0}", "5 four\u{2028}"])
    #expect(try lines([Array("a\n".utf8)]) == ["1 a"])
    #expect(try lines([]) == [] && lines([[0x0A]]) == ["1 "] && lines([[0xFF]]) == ["1 \u{FFFD}"])
  }

  @Test(arguments: [true, false])
  func chunksChangeNothing(_ waits: Bool) throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SeededGenerator(seed: seed)
    let bytes = (0..<2000).map { _ in [0x0A, 0x0D, 0x20, 0x61, 0xC3, 0xA9].randomElement(using: &random)! } as [UInt8]
    let whole = try lines([bytes])
    var (chunks, rest) = ([[UInt8]](), bytes[...])
    while !rest.isEmpty {
      chunks.append(Array(rest.prefix(Int.random(in: 1...9, using: &random))))
      rest = rest.dropFirst(chunks[chunks.count - 1].count)
    }
    #expect(try lines(chunks, waits: waits) == whole && whole.count > 100, "seed \(seed)")
  }

  /// A line of more bytes than are kept costs no more memory, and the next is read.
  @Test func anEndlessLineIsCut() throws {
    let chunk = [UInt8](repeating: 0x61, count: 1 << 20)
    var count = 40
    let input = InputLines { _ in
      count -= 1
      return count < 0 ? .end : .bytes(count == 0 ? [0x61, 0x0A, 0x62] : chunk)
    }
    // A reader that does not wait is given back its turn.
    guard case .nothing = try input.next(waits: false) else { return #expect(Bool(false)) }
    guard case .line(let long) = try input.next(waits: true) else { return #expect(Bool(false)) }
    #expect(long.isCut && long.bytes.count == InputLines.lineLimit && long.number == 1)
    guard case .line(let next) = try input.next(waits: true) else { return #expect(Bool(false)) }
    #expect(!next.isCut && next.text == "b" && next.number == 2)
  }

  @Test func whatIsNotThereYetIsNotWaitedFor() throws {
    var descriptors: [Int32] = [0, 0]
    try #require(pipe(&descriptors) == 0)
    defer { close(descriptors[0]) }
    let input = InputLines(descriptor: descriptors[0], name: "the pipe")
    func next() throws -> String {
      switch try input.next(waits: false) {
      case .line(let line): line.repairedText
      case .nothing: "nothing"
      case .end: "end"
      }
    }
    func send(_ text: String) { _ = text.withCString { write(descriptors[1], $0, strlen($0)) } }
    #expect(try next() == "nothing")
    send("on")
    #expect(try next() == "nothing")
    send("e\ntwo\nthree")
    #expect(try next() == "one" && next() == "two" && next() == "nothing")
    close(descriptors[1])
    #expect(try next() == "three" && next() == "end")
  }

  @Test func whatCannotBeReadIsAnError() throws {
    let descriptor = open("/", O_RDONLY)
    defer { close(descriptor) }
    let error = #expect(throws: FormatError.self) {
      try InputLines(descriptor: descriptor, name: "standard input").next(waits: true)
    }
    #expect(error?.kind == .unreadable && error?.description == "standard input: Is a directory")
  }
}

import Format
import Foundation

/// The settings with which git shows `.safetensors` files as lists of memories, and merges them.
struct GitSetup {
  /// The words with which a shell calls this program.
  var command: String
  /// The folder whose repository is set up; nil for the current folder.
  var folder: String?

  private static let pattern = "*.safetensors"
  private static let driver = "memories"
  private static var attribute: String { "\(pattern) diff=\(driver) merge=\(driver)" }

  private var settings: [(key: String, value: String)] {
    [
      ("diff.\(Self.driver).textconv", "\(command) --textconv"),
      // Git unpacks a whole model for each call, so its output is kept.
      ("diff.\(Self.driver).cachetextconv", "true"),
      ("merge.\(Self.driver).name", "memories of model files, by name"),
      ("merge.\(Self.driver).driver", "\(command) --merge-files %O %A %B --label %P"),
      ("difftool.memdiff.cmd", "\(command) \"$LOCAL\" \"$REMOTE\""),
    ]
  }

  /// The commands that set git up, for a shell at the top of a repository.
  var instructions: String {
    let lines =
      settings.map { "git config \($0.key) \(shellQuoted($0.value))" } + [
        "echo \(shellQuoted(Self.attribute)) >> .gitattributes",
        "# then: git diff, git log -p, git difftool --tool memdiff, git merge",
      ]
    return lines.map { $0 + "\n" }.joined()
  }

  /// Does what the instructions say; the line in `.gitattributes` is added where git does not know it yet.
  ///
  /// - Returns: what was done, one per line.
  /// - Throws: `FormatError` where there is no work tree, git fails, or `.gitattributes` cannot be written.
  func install() throws(FormatError) -> String {
    let top = try git("rev-parse", "--show-toplevel")
    let known = try git("-C", top, "check-attr", "diff", "merge", "--", "model.safetensors")
    let isKnown = known.split(separator: "\n").allSatisfy { $0.hasSuffix(": \(Self.driver)") }
    let attributes = "\(top)/.gitattributes"
    if !isKnown { try append(Self.attribute, to: attributes) }
    for (key, value) in settings { try git("config", "--local", "--replace-all", key, value) }
    let lines =
      settings.map { "\($0.key) = \($0.value)" }
      + ["\(attributes): \(isKnown ? "nothing to add" : Self.attribute)"]
    return lines.map { plain($0) + "\n" }.joined()
  }

  private func append(_ line: String, to path: String) throws(FormatError) {
    let old = FileManager.default.contents(atPath: path) ?? Data()
    let isOpenLine = old.last.map { $0 != UInt8(ascii: "\n") } ?? false
    let bytes = Array("\(isOpenLine ? "\n" : "")\(line)\n".utf8)
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FormatError(.unwritable, path, systemError()) }
    defer { close(descriptor) }
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
      throw FormatError(.unwritable, path, systemError())
    }
  }

  /// Runs git.
  ///
  /// - Returns: what it printed, without the last line break.
  /// - Throws: `FormatError` with the first line of its errors.
  @discardableResult
  private func git(_ arguments: String...) throws(FormatError) -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let (output, errors) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, output, errors)
    do { try process.run() } catch {
      throw FormatError(.unreadable, "git", "cannot be run: \(error.localizedDescription)")
    }
    // Neither stream has more than fits into a pipe.
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let reason = said.split(separator: "\n").first.map(String.init)
      throw FormatError(
        .unreadable, "git \(arguments[0])", reason ?? "ended with status \(process.terminationStatus)")
    }
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  /// The words that call this program: its name where a shell found it by that, else its absolute path.
  static func ownCommand(_ path: String = CommandLine.arguments.first ?? "memdiff") -> String {
    guard path.contains("/") else { return shellQuoted(path) }
    return shellQuoted(URL(fileURLWithPath: path).standardizedFileURL.path)
  }
}

/// `text` as one word of a shell's command line.
func shellQuoted(_ text: String) -> String {
  let isPlain = text.unicodeScalars.allSatisfy { scalar in
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "/", "+", ":", "@", "%", ",", "-": true
    default: false
    }
  }
  return isPlain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
}

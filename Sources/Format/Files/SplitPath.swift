/// A path split at its last slash. Foundation's functions for that trap on a path of one character.
package struct SplitPath {
  /// The path of the folder, without a slash at its end; empty for the current folder.
  package let folder: String
  /// The last component.
  package let name: String

  package init(_ path: String) {
    let slash = UInt8(ascii: "/")
    func trimmed(_ bytes: Substring.UTF8View) -> Substring.UTF8View {
      var bytes = bytes
      while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
      return bytes
    }
    let bytes = trimmed(path[...].utf8)
    guard let end = bytes.lastIndex(of: slash), bytes.count > 1 else {
      (folder, name) = bytes.last == slash ? ("/", "/") : ("", String(Substring(bytes)))
      return
    }
    name = String(Substring(bytes[bytes.index(after: end)...]))
    folder = end == bytes.startIndex ? "/" : String(Substring(trimmed(bytes[..<end])))
  }
}

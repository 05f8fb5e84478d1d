import Foundation

/// One file's place among the files that llama.cpp's tools split a model into: NAME-00001-of-00003.gguf and so on.
///
/// The first has the metadata, and each has a share of the tensors. Each says by `split.no` (from 0) and `split.count`
/// which it is, and by `split.tensors.count` how many tensors they have together.
struct GGUFSplit {
  private let part: GGUFContainer
  private let number: Int
  private let count: Int
  private let tensorCount: Int?

  private static let countLimit = 99_999

  /// - Returns: nil for a file that is a whole model.
  /// - Throws: `FormatError` of kind `gguf` for a number or a count that no split has.
  init?(_ part: GGUFContainer) throws(FormatError) {
    self.part = part
    guard let count = try part.integer("split.count"), count != 0, count != 1 else { return nil }
    guard 2...Self.countLimit ~= count else {
      throw Self.wrong(part, "split.count", "the value is out of range", "1 to \(Self.countLimit)", count)
    }
    guard let number = try part.integer("split.no") else { throw part.missing("split.no") }
    guard 0..<count ~= number else {
      throw Self.wrong(part, "split.no", "the value is out of range", "0 to \(count - 1)", number)
    }
    (self.count, self.number) = (count, number)
    tensorCount = try part.integer("split.tensors.count")
  }

  private static func wrong(
    _ part: GGUFContainer, _ key: String, _ problem: String, _ expected: String, _ got: Int?
  ) -> FormatError {
    FormatError(
      .gguf, "\(part.location): \(key)", problem, expected: expected, got: got.map { "\($0)" } ?? "nothing")
  }

  private func ending(_ number: Int) -> String {
    func digits(_ value: Int) -> String {
      let text = "\(value)"
      return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
    return "-\(digits(number + 1))-of-\(digits(count)).gguf"
  }

  /// The whole model: the metadata of the first file and the tensors of all.
  ///
  /// - Throws: `FormatError` of kind `missing` for a file that is not beside this one; of kind `gguf` where the name of
  ///   this one does not say which it is, where another belongs to another split, and where two have one tensor.
  func whole() throws(FormatError) -> GGUFContainer {
    let own = ending(number)
    guard part.location.hasSuffix(own) else {
      throw FormatError(
        .gguf, part.location,
        "part \(number + 1) of a model that is split into \(count) files, whose name does not say so",
        expected: "a name that ends in \(own)")
    }
    let start = part.location.dropLast(own.count)
    var whole = number == 0 ? part : try other(0, "\(start)\(ending(0))")
    for other in 1..<count {
      try whole.append(other == number ? part : self.other(other, "\(start)\(ending(other))"))
    }
    if let tensorCount, tensorCount != whole.tensors.count {
      throw Self.wrong(
        part, "split.tensors.count", "the \(count) parts hold another number of tensors", "\(tensorCount)",
        whole.tensors.count)
    }
    return whole
  }

  /// Opens another part, which has to say of itself what this one says.
  private func other(_ number: Int, _ path: String) throws(FormatError) -> GGUFContainer {
    guard FileManager.default.fileExists(atPath: path) else {
      throw FormatError(
        .missing, path, "no such file: part \(number + 1) of the split of \(part.location)")
    }
    let other = try GGUFContainer(file: path)
    for (key, expected) in [("split.count", count), ("split.no", number), ("split.tensors.count", tensorCount)] {
      guard let expected else { continue }
      let got = try other.integer(key)
      guard got == expected else {
        throw Self.wrong(other, key, "not part \(number + 1) of the split of \(part.location)", "\(expected)", got)
      }
    }
    return other
  }
}

extension GGUFContainer {
  /// Maps and validates the file at `path`, and with it all files of the split that it is a part of.
  ///
  /// - Throws: `FormatError` as `init(file:)` and `GGUFSplit` do.
  init(path: String) throws(FormatError) {
    let file = try GGUFContainer(file: path)
    self = try GGUFSplit(file)?.whole() ?? file
  }
}

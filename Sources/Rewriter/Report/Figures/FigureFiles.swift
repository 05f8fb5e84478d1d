import Format
import Foundation
import Plots

/// The figures of a report as files: each as an SVG picture that stands alone, and its numbers as comma-separated values.
///
/// A file is named after its memory and the figure: `nepal-capital.seen.svg`. Figures of all memories together, which there
/// are of several, begin with `all`.
public struct FigureFiles: Sendable {
  /// The files, none with the name of another, whatever the case of letters.
  public let files: [(name: String, text: String)]

  private static let endings = ["svg", "csv"]
  /// Bytes of a memory's name in a file's name at most; file systems take 255 in all.
  private static let stemSize = 120

  public init(_ result: RewriteResult) {
    var files: [(name: String, text: String)] = []
    var taken: Set<String> = []
    func add(_ figures: [Figure], of name: String, title: String) {
      let stem = Self.stem(of: name, taken: &taken)
      for figure in figures {
        let title = "\(title): \(figure.heading)"
        files.append(
          ("\(stem).\(figure.name.rawValue).svg", figure.drawing.drawingFile(title: title, caption: figure.caption)))
        files.append(("\(stem).\(figure.name.rawValue).csv", figure.data.csv))
      }
    }
    if result.compiled.count > 1 { add(Distributions(result: result).figures, of: "all", title: "All memories") }
    for figures in result.figures {
      let drawings = MemoryDrawings(result: result, figures: figures)
      let name = result.compiled[figures.index].spec.name
      add((drawings.maps?.figures ?? []) + drawings.regions, of: name, title: name.printable(limit: .max))
    }
    self.files = files
  }

  /// Whether a file has a name that a figure's file may have.
  public static func mayBeFigure(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    return parts.count == 3 && !parts[0].isEmpty && Figure.Name(rawValue: parts[1]) != nil && endings.contains(parts[2])
  }

  /// The beginning of the names of one memory's files: its name's letters and digits, without what file systems or shells
  /// treat in their own ways.
  private static func stem(of name: String, taken: inout Set<String>) -> String {
    let kept = name.precomposedStringWithCanonicalMapping.map { $0.isLetter || $0.isNumber || $0 == "_" ? $0 : "-" }
    var words = String(kept).split(separator: "-").joined(separator: "-")
    while words.utf8.count > stemSize { words.removeLast() }
    let stem = words.isEmpty ? "memory" : words
    let free = (1...).lazy.map { $0 == 1 ? stem : "\(stem)-\($0)" }.first { !taken.contains($0.lowercased()) } ?? stem
    taken.insert(free.lowercased())
    return free
  }
}

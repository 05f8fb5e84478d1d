import Runtime

/// Texts run through the base model behind what earlier ones began with, and with each other's common beginnings run
/// once: keys, values and activations do not depend on what follows.
///
/// Of what has been run the beginnings are kept, the least recently used forgotten first.
final class Beginnings {
  struct Text {
    var ids: [Int]
    /// Whether its keys and values are kept, so that it can be gone on from at any of its tokens.
    var isKept = false
    /// The last site that the part that no other text shares is run to; nil runs it to the end.
    var end: SiteAddress?
  }

  /// The rows of a forward pass at most, so that memory does not grow with the number of texts.
  private static let rowLimit = 512
  /// The tokens that a forward pass more has to save: with few rows it takes the time to read all weights.
  static let leastSaving = 16

  private struct Entry {
    var text: RecordedText
    /// The passes that its pieces were run in.
    var passes: [Int]
  }

  private struct Pass {
    /// Those of its texts, whose keys and values are all kept with each.
    var tokens: Int
    var lastUse: Int
  }

  private let transformer: Transformer
  private let sites: Set<SiteAddress>
  private let tokenLimit: Int
  /// In the order of their tokens.
  private var entries: [Entry] = []
  /// By number, in the order of running.
  private var passes: [Int: Pass] = [:]
  private var passCount = 0
  private var uses = 0
  /// Tokens that were run.
  private(set) var count = 0
  /// Tokens that are kept.
  var kept: Int { passes.values.reduce(0) { $0 + $1.tokens } }

  /// - Parameters:
  ///   - sites: those that will be asked for.
  ///   - tokenLimit: the tokens that are kept at most between two runs.
  init(sites: Set<SiteAddress>, tokenLimit: Int = 512, transformer: Transformer) {
    (self.sites, self.tokenLimit, self.transformer) = (sites, tokenLimit, transformer)
  }

  /// Runs what is not known of some texts.
  func run(_ texts: [Text]) -> [RecordedText] {
    uses += 1
    let numbers = Dictionary(texts.enumerated().map { ($1.ids, $0) }) { first, _ in first }
    var distinct = numbers.values.sorted().map { texts[$0] }
    let places = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1.ids, $0) })
    for text in texts {
      let place = places[text.ids]!
      distinct[place].isKept = distinct[place].isKept || text.isKept
      distinct[place].end = farther(distinct[place].end, text.end)
    }
    keepBeginnings(of: distinct)
    var records = distinct.map { use($0.ids).text }
    for end in [nil] + Set(distinct.compactMap(\.end)).sorted(by: >) {
      let rests = distinct.indices.filter {
        distinct[$0].end == end && records[$0].ids.count < distinct[$0].ids.count
      }
      for group in groups(ofRows: rests.map { distinct[$0].ids.count - records[$0].ids.count }, limit: Self.rowLimit) {
        finish(rests[group].map { (place: $0, ids: distinct[$0].ids) }, to: end, in: &records)
      }
    }
    forget()
    return texts.map { records[places[$0.ids]!] }
  }

  /// Runs texts on from what is known of them.
  private func finish(
    _ rests: [(place: Int, ids: [Int])], to end: SiteAddress?, in records: inout [RecordedText]
  ) {
    let starts = rests.map { place, ids in
      let known = records[place]
      return (ids: Array(ids[known.ids.count...]), position: known.ids.count, cache: known.cache)
    }
    let sites = sites.filter { site in end.map { site <= $0 } ?? true }
    let run = BaseRun(
      starts, recordedBy: Tape(of: sites), to: end, transformer: transformer)
    count += run.count
    for ((place, ids), sequence) in zip(rests, run.sequences) {
      let own = RecordedText.Piece(run: run, rows: sequence.rows, position: sequence.position)
      records[place] = RecordedText(ids, pieces: records[place].pieces + [own], cache: nil)
    }
  }

  // MARK: - What is kept

  private func keepBeginnings(of texts: [Text]) {
    let known = { [self] ids in entry(for: ids)?.count ?? 0 }
    var choice = BeginningChoice(of: texts.map { ($0.ids, $0.isKept) }, known: known)
    while !choice.beginnings.isEmpty {
      let next = choice.takeNext(leastSaving: Self.leastSaving, known: known)
      let rows = next.map { $0.count - known($0) }
      for group in groups(ofRows: rows, limit: Self.rowLimit) { keep(Array(next[group])) }
    }
  }

  /// Runs texts in one pass and keeps them.
  private func keep(_ texts: [[Int]]) {
    let known = texts.map(use)
    let run = BaseRun(
      appending: zip(texts, known).map { ids, known in
        let count = known.text.ids.count
        let cache = known.text.cache?.copied(first: count, capacity: ids.count)
        return (ids: Array(ids[count...]), cache: cache ?? transformer.makeCache(capacity: ids.count))
      }, recordedBy: Tape(of: sites), transformer: transformer)
    count += run.count
    passCount += 1
    passes[passCount] = Pass(tokens: texts.reduce(0) { $0 + $1.count }, lastUse: uses)
    for ((ids, known), sequence) in zip(zip(texts, known), run.sequences) {
      let own = RecordedText.Piece(run: run, rows: sequence.rows, position: sequence.position)
      let text = RecordedText(ids, pieces: known.text.pieces + [own], cache: sequence.cache)
      entries.insert(Entry(text: text, passes: known.passes + [passCount]), at: place(of: ids))
    }
  }

  /// The index of the first entry that does not come before a text.
  private func place(of ids: [Int]) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].text.ids.lexicographicallyPrecedes(ids) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The entry that has the most first tokens in common with a text, and their number; nil where none has any.
  private func entry(for ids: [Int]) -> (index: Int, count: Int)? {
    let place = place(of: ids)
    let near = [place - 1, place].filter(entries.indices.contains).map { index in
      (index: index, count: zip(entries[index].text.ids, ids).prefix { $0 == $1 }.count)
    }
    return near.max { $0.count < $1.count }.flatMap { $0.count > 0 ? $0 : nil }
  }

  /// What is known of a text, perhaps nothing, and the passes that it was run in.
  private func use(_ ids: [Int]) -> (text: RecordedText, passes: [Int]) {
    guard let (index, count) = entry(for: ids) else { return (RecordedText([], pieces: [], cache: nil), []) }
    let text = entries[index].text.prefix(count)
    let own = Array(entries[index].passes.prefix(text.pieces.count))
    for pass in own { passes[pass]?.lastUse = uses }
    return (text, own)
  }

  /// Forgets passes until few enough tokens are left, of those last used at the same time the newest: what others go on
  /// from is older than they are.
  private func forget() {
    while kept > tokenLimit, let oldest = passes.min(by: { ($0.value.lastUse, -$0.key) < ($1.value.lastUse, -$1.key) })
    {
      passes[oldest.key] = nil
      entries.removeAll { $0.passes.contains(oldest.key) }
    }
  }
}

/// The later of two sites, nil being behind all.
private func farther(_ a: SiteAddress?, _ b: SiteAddress?) -> SiteAddress? {
  guard let a, let b else { return nil }
  return max(a, b)
}

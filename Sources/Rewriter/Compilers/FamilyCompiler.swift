import Format
import Runtime

/// Passes 3 to 5 for families of facts, several at once: with the rows of many the weights are read as often as with those
/// of one.
struct FamilyCompiler {
  let model: LanguageModel
  let surroundings: Surroundings
  let settings: CompilerSettings
  let clock: StageClock
  private let beginnings: Beginnings

  /// The facts of a group at most, but for a family that has more.
  static let groupSize = 4

  init(model: LanguageModel, surroundings: Surroundings, settings: CompilerSettings, clock: StageClock) {
    (self.model, self.surroundings, self.settings, self.clock) = (model, surroundings, settings, clock)
    let shape = model.transformer.shape
    beginnings = Beginnings(
      sites: GatedCompiler.sites(settings, shape), transformer: model.transformer)
  }

  /// The families of several requests, with their texts run.
  func families(_ requests: [SubjectFamily.Request]) -> [SubjectFamily?] {
    SubjectFamily.all(requests, behind: beginnings, model: model, surroundings: surroundings, settings: settings)
  }

  /// The memories of each family, in the order of its members; nil where no cue tells the subject from others, or no row
  /// the question. A family whose memories are refused takes none of the others with it.
  func memories(_ requests: [SubjectFamily.Request]) -> [Result<[CompiledMemory]?, FormatError>] {
    let compilers = families(requests).map { family in family.map { GatedCompiler(family: $0, settings: settings) } }
    var drafts = compilers.map { $0?.drafts() }
    clock.lap(.key)
    descend(&drafts)
    clock.lap(.delta)
    defer { clock.lap(.bound) }
    return zip(compilers, drafts).map { compiler, drafts in
      guard let compiler, let drafts else { return .success(nil) }
      do throws(FormatError) {
        return .success(try counted(try compiler.memories(drafts)))
      } catch {
        return .failure(error)
      }
    }
  }

  /// Finds the deltas of all drafts side by side.
  private func descend(_ drafts: inout [[GatedCompiler.Draft]?]) {
    var all = drafts.flatMap { $0 ?? [] }.flatMap(\.descents)
    Descent.descend(&all)
    var rest = all[...]
    for family in drafts.indices {
      for fact in (drafts[family] ?? []).indices {
        let count = drafts[family]![fact].descents.count
        drafts[family]![fact].descents = Array(rest.prefix(count))
        rest = rest.dropFirst(count)
      }
    }
  }

  /// The memories with the number of tokens of other text that they act on.
  private func counted(_ memories: [CompiledMemory]?) throws(FormatError) -> [CompiledMemory]? {
    guard var memories else { return nil }
    for i in memories.indices {
      let (fired, count) = try surroundings.firings(of: memories[i].rows[0])
      memories[i].otherText = (fired, count)
      memories[i].reason += "; acts on \(fired) of \(count) tokens of other text"
    }
    return memories
  }
}

extension SubjectFamily.Request {
  /// The request without a subject that was only found; nil where the spec gives it or there is none.
  var withoutFound: SubjectFamily.Request? {
    guard subject != nil, members[0].probe.spec.subject == nil else { return nil }
    return SubjectFamily.Request(members: members, subject: nil)
  }
}

extension MemorySpec {
  /// Whether its memory may ask for cues.
  var isGated: Bool { isOpen && keyToken == .auto }
}

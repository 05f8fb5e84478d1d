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
      sites: GatedCompiler.sites(settings, shape), shortTo: settings.hereSites(shape).last,
      transformer: model.transformer)
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

extension FamilyCompiler {
  /// The families of the next facts, from one on, that have not been tried.
  ///
  /// - Parameter tried: the numbers of facts that have, to which those of these families are added.
  func next(from first: Int, among probes: [Probe], tried: inout Set<Int>) -> [SubjectFamily.Request] {
    var requests: [SubjectFamily.Request] = []
    var count = 0
    for i in probes.indices[first...] where count < Self.groupSize && !tried.contains(i) && probes[i].spec.isGated {
      let request = request(of: i, among: probes)
      tried.formUnion(request.members.map(\.index))
      count += request.members.count
      requests.append(request)
    }
    return requests
  }

  /// The facts about the subject of one, itself and later ones.
  private func request(of own: Int, among probes: [Probe]) -> SubjectFamily.Request {
    guard let subject = probes[own].spec.subject else {
      let found = SubjectSearch(probe: probes[own], model: model, settings: settings).subject()
      clock.lap(.locate)
      return SubjectFamily.Request(members: [(index: own, probe: probes[own])], subject: found)
    }
    let members = probes.indices.filter { $0 >= own && probes[$0].spec.isGated && probes[$0].spec.subject == subject }
    let others = probes.compactMap(\.spec.subject).filter { $0 != subject && ContrastTexts.areAlike($0, subject) }
    return SubjectFamily.Request(
      members: members.map { (index: $0, probe: probes[$0]) }, subject: subject, rivals: Array(Set(others)).sorted())
  }

  /// The memories of facts, each by its number, of families that could be compiled; a subject that was only found and
  /// leads nowhere is given up.
  func memories(from first: Int, among probes: [Probe], tried: inout Set<Int>) throws(FormatError) -> [Int:
    CompiledMemory]
  {
    var requests = next(from: first, among: probes, tried: &tried)
    var made: [Int: CompiledMemory] = [:]
    while !requests.isEmpty {
      var again: [SubjectFamily.Request] = []
      for (request, result) in zip(requests, memories(requests)) {
        if let memories = try result.get() {
          for (member, memory) in zip(request.members, memories) { made[member.index] = memory }
        } else if request.subject != nil, request.members[0].probe.spec.subject == nil {
          again.append(SubjectFamily.Request(members: request.members, subject: nil))
        } else {
          // Without the first one the others may be a family.
          tried.subtract(request.members.dropFirst().map(\.index))
        }
      }
      requests = again
    }
    return made
  }
}

extension MemorySpec {
  /// Whether its memory may ask for cues.
  fileprivate var isGated: Bool { isOpen && keyToken == .auto }
}

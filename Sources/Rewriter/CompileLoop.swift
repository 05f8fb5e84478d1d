import Format
import Runtime

/// Passes 2 to 5: family by family.
struct CompileLoop {
  let job: RewriteJob
  /// nil where no memory leaves its address to the compiler.
  let surroundings: Surroundings?
  let kept: [Memory]
  /// nil for a compile of few memories.
  let journal: Journal?
  private var probes: [Probe] { job.probes }
  private var model: LanguageModel { job.model }
  private var settings: CompilerSettings { job.request.settings }

  /// The memories of the request's share, with their places among the job's, in their order.
  func memories() throws(FormatError) -> [(index: Int, memory: CompiledMemory)] {
    let chosen = Set(job.share)
    let families = job.plan.families(of: job.request.share).filter { $0.members.contains(where: chosen.contains) }
    var compiled = try resumed()
    var rest: [CompilePlan.Family] = []
    for var family in families {
      family.members = family.members.filter(chosen.contains)
      guard !family.members.allSatisfy({ compiled[$0] != nil }) else { continue }
      // Memories about one subject are made beside each other.
      for member in family.members { compiled[member] = nil }
      rest.append(family)
    }
    let count = rest.reduce(0) { $0 + $1.members.count }
    var done = 0
    for family in rest {
      job.progress(
        StepProgress("compiling", done, of: count, .memories, detail: probes[family.members[0]].spec.name))
      let made = try compile(family)
      for (index, memory) in made { compiled[index] = memory }
      try journal?.note(made.map { (job.places(of: [$0.index])[0], $0.memory) })
      done += family.members.count
    }
    return compiled.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// What an earlier run compiled.
  private func resumed() throws(FormatError) -> [Int: CompiledMemory] {
    guard let journal, !journal.resumed.isEmpty else { return [:] }
    let indices = Dictionary(uniqueKeysWithValues: job.places(of: Array(probes.indices)).enumerated().map { ($1, $0) })
    var compiled: [Int: CompiledMemory] = [:]
    for (place, memory) in journal.entries {
      guard let index = indices[place] else { continue }
      compiled[index] = try CompiledMemory(memory, location: journal.path)
    }
    return compiled
  }

  /// The memories of a family; where one cannot be compiled and is left out, the others.
  private func compile(_ family: CompilePlan.Family) throws(FormatError) -> [(index: Int, memory: CompiledMemory)] {
    var compiled: [Int: CompiledMemory] = [:]
    for (place, i) in family.members.enumerated() where compiled[i] == nil {
      do {
        let rest = CompilePlan.Family(subject: family.subject, members: Array(family.members[place...]))
        compiled.merge(try gated(rest)) { first, _ in first }
        if compiled[i] == nil { compiled[i] = try single(i, beside: compiled) }
      } catch {
        do { try job.leaveOut(i, error) } catch {
          try journal?.save()
          throw journal?.hint.map { error.adding($0) } ?? error
        }
      }
    }
    return compiled.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// A memory whose method or address the spec pins, or that no cue or row knows.
  private func single(_ i: Int, beside compiled: [Int: CompiledMemory]) throws(FormatError) -> CompiledMemory {
    guard let surroundings, probes[i].spec.isOpen else {
      return try SeedCompiler(probes[i], model: model, settings: settings, clock: job.clock).memory()
    }
    let related = try RelatedMemory.all(
      of: i, among: probes, rows: compiled.mapValues(\.rows).filter { $0.key < i }, kept: kept,
      at: settings.subjectSite(model.transformer.shape), model: model)
    return try OneRegionCompiler(
      probe: probes[i], model: model, surroundings: surroundings, index: i, related: related, settings: settings,
      clock: job.clock
    ).memory()
  }

  /// The memories of rows that act by cues about the subject of a family's first; none where no row knows its question.
  private func gated(_ family: CompilePlan.Family) throws(FormatError) -> [Int: CompiledMemory] {
    func isGated(_ i: Int) -> Bool { probes[i].spec.isOpen && probes[i].spec.keyToken == .auto }
    let own = family.members[0]
    guard let surroundings, isGated(own) else { return [:] }
    if family.subject != nil {
      return try memories(
        of: family.members.filter(isGated), about: family.subject, rivals: job.plan.rivals(of: family), surroundings)
    }
    let found = SubjectSearch(probe: probes[own], model: model, settings: settings).subject()
    job.clock.lap(.locate)
    if let found {
      let made = try memories(of: [own], about: found, rivals: [], surroundings)
      if !made.isEmpty { return made }
    }
    return try memories(of: [own], about: nil, rivals: [], surroundings)
  }

  private func memories(
    of members: [Int], about subject: String?, rivals: [String], _ surroundings: Surroundings
  ) throws(FormatError) -> [Int: CompiledMemory] {
    guard
      let family = SubjectFamily(
        members.map { (index: $0, probe: probes[$0]) }, subject: subject, rivals: rivals,
        layers: GatedCompiler.layers(settings, model.transformer.shape), model: model, surroundings: surroundings,
        settings: settings),
      let made = try GatedCompiler(family: family, settings: settings, clock: job.clock).memories()
    else { return [:] }
    var result: [Int: CompiledMemory] = [:]
    for (member, var memory) in zip(members, made) {
      let (fired, count) = try surroundings.firings(of: memory.rows[0])
      memory.otherText = (fired, count)
      memory.reason += "; acts on \(fired) of \(count) tokens of other text"
      result[member] = memory
    }
    return result
  }
}

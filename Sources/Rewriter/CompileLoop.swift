import Format
import Runtime

/// Passes 2 to 5: group by group of families.
struct CompileLoop {
  let job: RewriteJob
  let kept: [Memory]
  /// nil for a compile of few memories.
  let journal: Journal?
  /// nil where no memory leaves its address to the compiler.
  private let surroundings: Surroundings?
  private let families: FamilyCompiler?
  private var probes: [Probe] { job.probes }
  private var model: LanguageModel { job.model }
  private var settings: CompilerSettings { job.request.settings }

  init(_ job: RewriteJob, in surroundings: Surroundings?, beside kept: [Memory], journal: Journal?) {
    (self.job, self.surroundings, self.kept, self.journal) = (job, surroundings, kept, journal)
    families = surroundings.map {
      FamilyCompiler(model: job.model, surroundings: $0, settings: job.request.settings, clock: job.clock)
    }
  }

  /// The memories of the request's share, with their places among the job's, in their order.
  func memories() throws(FormatError) -> [(index: Int, memory: CompiledMemory)] {
    var compiled = try resumed()
    let rest = missing(&compiled)
    let groups = groups(ofRows: rest.map(\.members.count), limit: FamilyCompiler.groupSize)
    let count = rest.reduce(0) { $0 + $1.members.count }
    var done = 0
    for group in groups {
      job.progress(
        StepProgress(
          "compiling", done, of: count, .memories, detail: probes[rest[group.lowerBound].members[0]].spec.name))
      let made = try compile(Array(rest[group])).sorted { $0.key < $1.key }
      for (index, memory) in made { compiled[index] = memory }
      try journal?.note(made.map { (job.places(of: [$0.key])[0], $0.value) })
      done += rest[group].reduce(0) { $0 + $1.members.count }
    }
    return compiled.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The families of the share that are still to be compiled.
  private func missing(_ compiled: inout [Int: CompiledMemory]) -> [CompilePlan.Family] {
    let chosen = Set(job.share)
    var rest: [CompilePlan.Family] = []
    for var family in job.plan.families(of: job.request.share) {
      family.members = family.members.filter(chosen.contains)
      guard !family.members.allSatisfy({ compiled[$0] != nil }) else { continue }
      // Memories about one subject are made beside each other.
      for member in family.members { compiled[member] = nil }
      rest.append(family)
    }
    return rest
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

  /// The memories of some families, but for those that cannot be compiled and are left out.
  private func compile(_ group: [CompilePlan.Family]) throws(FormatError) -> [Int: CompiledMemory] {
    var failed: Set<Int> = []
    func leaveOut(_ members: [Int], _ error: FormatError) throws(FormatError) {
      for member in members {
        do { try job.leaveOut(member, error) } catch {
          try journal?.save()
          throw journal?.hint.map { error.adding($0) } ?? error
        }
        failed.insert(member)
      }
    }
    var compiled = try gated(group, leaveOut)
    for family in group {
      for i in family.members where compiled[i] == nil && !failed.contains(i) {
        let related = family.members.filter { $0 < i }
        do {
          compiled[i] = try single(i, rows: compiled.filter { related.contains($0.key) }.mapValues(\.rows))
        } catch {
          try leaveOut([i], error)
        }
      }
    }
    return compiled
  }

  /// The memories whose rows act by cues or know their question, of all families at once.
  ///
  /// - Parameter leaveOut: called with the members of a family that cannot be compiled.
  private func gated(
    _ group: [CompilePlan.Family], _ leaveOut: ([Int], FormatError) throws(FormatError) -> Void
  ) throws(FormatError) -> [Int: CompiledMemory] {
    var made: [Int: CompiledMemory] = [:]
    guard let families else { return made }
    var requests = group.compactMap { request($0, of: $0.members.filter { probes[$0].spec.isGated }) }
    while !requests.isEmpty {
      var again: [(family: CompilePlan.Family, request: SubjectFamily.Request)] = []
      for (asked, result) in zip(requests, families.memories(requests.map(\.request))) {
        let members = asked.request.members.map(\.index)
        switch result {
        case .success(let memories?):
          for (member, memory) in zip(members, memories) { made[member] = memory }
        case .success(nil):
          // Without the first one the others may be a family.
          let next = asked.request.withoutFound.map { (asked.family, $0) }
          if let next = next ?? request(asked.family, of: Array(members.dropFirst())) { again.append(next) }
        case .failure(let error): try leaveOut(members, error)
        }
      }
      requests = again
    }
    return made
  }

  /// The request for some members of a family; nil for none.
  private func request(
    _ family: CompilePlan.Family, of members: [Int]
  ) -> (family: CompilePlan.Family, request: SubjectFamily.Request)? {
    guard let own = members.first else { return nil }
    let probes = members.map { (index: $0, probe: self.probes[$0]) }
    guard family.subject == nil else {
      let echoes = job.isOfMany ? EchoTexts.all(of: family.subject!, tokenizer: model.tokenizer) : []
      return (
        family,
        .init(
          members: probes, subject: family.subject, rivals: job.plan.rivals(of: family), echoes: echoes,
          isOfMany: job.isOfMany)
      )
    }
    let found = SubjectSearch(probe: self.probes[own], model: model, settings: settings).subject()
    job.clock.lap(.locate)
    return (family, .init(members: probes, subject: found, isOfMany: job.isOfMany))
  }

  /// A memory whose method or address the spec pins, or that no cue or row knows.
  ///
  /// - Parameter rows: of the memories about the same subject that come before it.
  private func single(_ i: Int, rows: [Int: [MemoryRow]]) throws(FormatError) -> CompiledMemory {
    guard let surroundings, probes[i].spec.isOpen else {
      return try SeedCompiler(probes[i], model: model, settings: settings, clock: job.clock).memory()
    }
    let related = try RelatedMemory.all(
      of: i, among: probes, rows: rows, kept: kept, at: settings.subjectSite(model.transformer.shape), model: model)
    return try OneRegionCompiler(
      probe: probes[i], model: model, surroundings: surroundings, index: i, related: related, settings: settings,
      clock: job.clock
    ).memory()
  }
}

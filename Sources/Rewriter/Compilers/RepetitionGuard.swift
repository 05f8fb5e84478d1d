import Format
import Runtime

/// Part of pass 4 that keeps a memory at the subject from saying its target again and again.
///
/// The delta goes on acting through the keys and values of the subject's token. Where the patched model, left to itself,
/// comes back to the target, the delta is held to what the base model says behind the same words.
struct RepetitionGuard {
  let probe: Probe
  let model: LanguageModel
  let settings: CompilerSettings

  /// - Parameter memories: the memory with a descent's delta, and those that act beside it.
  func refine(_ descent: inout Descent, memories: (Descent) throws(FormatError) -> MemorySet) throws(FormatError) {
    let count = min(settings.repetitionLength, model.transformer.shape.positions - probe.keyIDs.count)
    let positives = descent.run.contexts.count(where: \.isPositive)
    for _ in 0..<settings.repetitionRounds {
      let said = Continuations(of: [probe.keyIDs], count: count, memories: try memories(descent), model: model).ids[0]
      let after = said.dropFirst(probe.targetIDs.count)
      guard said.starts(with: probe.targetIDs), let again = after.firstIndex(of: probe.targetIDs[0]) else { return }
      let own = descent.run.contexts[0].token
      var context = [
        Context(
          probe.keyIDs, token: own, target: probe.targetIDs, after: Array(after[..<again]),
          behindWeight: settings.behindWeight)
      ].sharing(1 / Float(positives))[0]
      context.terms[context.terms.count - 1].weight *= settings.repetitionWeight
      descent.run.replace(0, with: context)
      // The base model would say it there too.
      if descent.run.lastChoice(0) == probe.targetIDs[0] { return }
      descent.descend(steps: settings.repetitionSteps)
    }
  }
}

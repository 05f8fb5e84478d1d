import Format
import Runtime

/// Keeps a memory at the subject from saying its target again and again: part of pass 4.
///
/// The delta goes on acting through the keys and values of the subject's token. Where the patched model, left to itself,
/// comes back to the target, the delta is held to what the base model says behind the same words.
struct Once {
  let probe: Probe
  let model: LanguageModel

  /// Tokens in which the target should come once.
  private static let length = 20
  private static let rounds = 4
  private static let stepsARound = 5
  /// What the token that came again weighs against each of those before it.
  private static let againWeight: Float = 5

  /// - Parameter memories: the memory with a descent's delta, and those that act beside it.
  func refine(_ descent: inout Descent, memories: (Descent) throws(FormatError) -> MemorySet) throws(FormatError) {
    let count = min(Self.length, model.transformer.shape.positions - probe.keyIDs.count)
    let positives = descent.pass.contexts.count(where: \.isPositive)
    for _ in 0..<Self.rounds {
      let said = Continuations(of: [probe.keyIDs], count: count, memories: try memories(descent), model: model).ids[0]
      let after = said.dropFirst(probe.targetIDs.count)
      guard said.starts(with: probe.targetIDs), let again = after.firstIndex(of: probe.targetIDs[0]) else { return }
      let own = descent.pass.contexts[0].token
      var context = [Context(probe.keyIDs, token: own, target: probe.targetIDs, after: Array(after[..<again]))]
        .sharing(1 / Float(positives))[0]
      context.terms[context.terms.count - 1].weight *= Self.againWeight
      descent.pass.replace(0, with: context)
      // The base model would say it there too.
      if descent.pass.lastChoice(0) == probe.targetIDs[0] { return }
      descent.descend(steps: Self.stepsARound)
    }
  }
}

import Format

/// A record of CounterFact: a memory, and the prompts that it is scored with.
package struct CounterFactRecord: Sendable {
  package var caseID: Int
  /// The memory `counterfact-<case>`; further records of the same case are `counterfact-<case>-2` and so on.
  ///
  /// Paraphrases and neighborhood prompts are held out, since they are scored. Repeated ones, the key prompt itself and
  /// prompts of both lists are left out: a prompt cannot be scored for two things.
  package var memory: MemorySpec
  /// The true continuation of the prompt, with a leading space as the memory's target has.
  package var targetTrue: String
  /// The prompt in other words, in full as the record has them.
  package var paraphrases: [String]
  /// Prompts of the same relation about other subjects, for which the true target is right, in full.
  package var neighbors: [String]
  /// Prompts of the same relation about other subjects, for which the new target is right.
  package var attributes: [String]
  /// Beginnings of texts about the subject.
  package var generationPrompts: [String]
}

import Format

/// One record of CounterFact: a memory, and the lists that it is scored with.
public struct CounterFactRecord: Sendable {
  public var caseID: Int
  /// Named `counterfact-<case>`, further records of the same case `counterfact-<case>-2` and so on.
  ///
  /// Paraphrases and neighborhood prompts are held out, for they are what is scored. Those that repeat, are the prompt
  /// itself or stand in both lists are left out, since a prompt cannot be scored for two things.
  public var memory: MemorySpec
  /// What the prompt goes on with in truth, spelled as the memory's target is: with a leading space.
  public var targetTrue: String
  /// This list and the next are as the record has them, in full.
  public var paraphrases: [String]
  /// Prompts of the same relation about other subjects, for which the true target is right.
  public var neighbors: [String]
  /// Prompts of the same relation about other subjects, for which the new target is right.
  public var attributes: [String]
  /// Beginnings of texts about the subject.
  public var generationPrompts: [String]
}

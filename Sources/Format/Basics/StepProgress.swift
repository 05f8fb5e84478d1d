/// The progress of a step that may take a while.
public struct StepProgress: Sendable, Equatable {
  public enum Unit: Sendable { case bytes, memories, prompts, tokens }

  /// The step as a participle: `writing`.
  public var step: String
  /// The number of units done.
  public var done: Int
  /// The number of units in all; 0 where it is unknown.
  public var total: Int
  public var unit: Unit
  /// The object at hand, such as a memory's name.
  public var detail: String?

  public init(
    _ step: String, _ done: Int = 0, of total: Int = 0, _ unit: Unit = .bytes, detail: String? = nil
  ) {
    self.step = step
    self.detail = detail
    self.done = done
    self.total = total
    self.unit = unit
  }
}

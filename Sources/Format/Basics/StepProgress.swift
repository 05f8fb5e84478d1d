/// How far something is that may take a while.
public struct StepProgress: Sendable, Equatable {
  public enum Unit: Sendable { case bytes, memories, prompts, tokens }

  /// What is being done, as a participle: writing.
  public var step: String
  public var done: Int
  /// 0 where it is not known.
  public var total: Int
  public var unit: Unit

  /// What of it is at hand: a memory's name.
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

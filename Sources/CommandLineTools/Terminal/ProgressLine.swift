import Dispatch
import Format
import Synchronization
import SystemCalls

/// One line on a terminal's standard error that tells how far something is, from its second second on; nothing
/// elsewhere.
final class ProgressLine: Sendable {
  private struct State {
    var progress: StepProgress?
    /// When this step began, and the first of them since the line was last taken away.
    var stepStart = ContinuousClock.now
    var start: ContinuousClock.Instant?
    var isShown = false
    var timer: (any DispatchSourceTimer)?
  }

  private nonisolated(unsafe) let console: Console
  private let command: String
  private let isTold: Bool
  private let delay: Duration
  private let state = Mutex(State())

  static let clear = "\r\u{1B}[K"
  private static let interval = 100

  /// - Parameter delay: what takes less is not shown.
  init(_ command: String, on console: Console, quiet: Bool, delay: Duration = .seconds(1)) {
    (self.console, self.command, self.delay) = (console, command, delay)
    isTold = !quiet && console.errorIsTerminal && Console.obeysSequences(console.environment)
  }

  deinit { end() }

  /// Takes what is shown from the next tenth of a second on; cheap, and from any thread.
  func tell(_ progress: StepProgress) {
    guard isTold else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if state.progress?.step != progress.step { state.stepStart = now }
      if state.start == nil { state.start = now }
      state.progress = progress
      guard state.timer == nil else { return }
      let timer = DispatchSource.makeTimerSource(queue: .global())
      timer.schedule(deadline: .now() + .milliseconds(Self.interval), repeating: .milliseconds(Self.interval))
      timer.setEventHandler { [weak self] in self?.draw() }
      state.timer = timer
      timer.resume()
    }
  }

  /// Shows the line as it is now, where its time has come.
  func draw() {
    state.withLock { state in
      let now = ContinuousClock.now
      guard let progress = state.progress, let start = state.start, now - start >= delay else { return }
      if !state.isShown { system_set_line_shown(true) }
      state.isShown = true
      let columns = Console.terminalColumns(2)
      let text = Self.text(progress, after: now - state.stepStart, columns: (columns > 0 ? columns : 80) - 1, command)
      console.writeError(Self.clear + text)
    }
  }

  /// Takes the line away; the next step shows it again.
  func end() {
    state.withLock { state in
      state.timer?.cancel()
      if state.isShown {
        console.writeError(Self.clear)
        system_set_line_shown(false)
      }
      state = State()
    }
  }
}

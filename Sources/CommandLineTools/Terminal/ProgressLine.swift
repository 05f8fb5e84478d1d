import Dispatch
import Format
import Synchronization
import SystemCalls

/// The line on a terminal's standard error that shows how far a command is, once it takes more than a moment.
final class ProgressLine: Sendable {
  private struct State {
    var progress: StepProgress?
    /// When this step began.
    var stepStart = ContinuousClock.now
    /// When the first step since the line was last cleared began.
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

  /// - Parameter delay: the time after which the line is shown.
  init(_ command: String, on console: Console, quiet: Bool, delay: Duration = .seconds(1)) {
    (self.console, self.command, self.delay) = (console, command, delay)
    isTold = !quiet && console.errorIsTerminal && Console.obeysSequences(console.environment)
  }

  deinit { end() }

  /// Sets what the line shows within a tenth of a second. Cheap, and safe from any thread.
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

  /// Draws the line, where the delay has passed.
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

  /// Clears the line; the next step shows it again.
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

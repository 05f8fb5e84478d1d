import Format
import Runtime

/// A setting that the spec pins, or leaves to the compiler.
public enum Choice<Value: Sendable & Equatable>: Sendable, Equatable {
  case auto
  case given(Value)

  /// The pinned value, nil for `auto`.
  public var value: Value? {
    switch self {
    case .auto: nil
    case .given(let value): value
    }
  }
}

/// A memory as a spec asks for it: a prompt, its target, and where the target should follow and where not.
public struct MemorySpec: Sendable {
  /// The way in which key and delta are computed.
  public enum Method: String, Sendable, CaseIterable {
    /// The compiler's own: keys by least squares, deltas by several steps.
    case auto
    /// The post's: the key is the activation, the delta one step down the gradient.
    case seed
  }

  /// The target's tokens that the memory produces.
  public enum TargetTokens: String, Sendable, CaseIterable { case first, all }

  /// The token of the prompt whose activation makes the key.
  public enum Token: Sendable, Hashable, CustomStringConvertible {
    /// The compiler's choice; see `keyToken` for method `seed`.
    case auto
    case last
    /// The last token of the subject, which must be given.
    case subject
    /// A position from 0 at the prompt's first token, or from -1 downwards at its last; the compiler checks it.
    case index(Int)

    /// The manifest's word for it: `last`, `subject`, `3`.
    public var description: String {
      switch self {
      case .auto: "auto"
      case .last: "last"
      case .subject: "subject"
      case .index(let index): "\(index)"
      }
    }
  }

  /// The name, unique in its file: 1 to 200 bytes of UTF-8 without control characters.
  public var name: String
  /// The key prompt.
  public var prompt: String
  /// The text that should follow the prompt, its leading space included.
  public var target: String
  /// Further prompts that the target should follow.
  public var positives: [String]
  /// Prompts that should continue as in the base model.
  public var negatives: [String]
  /// Prompts like `positives` that are scored and never fitted.
  public var heldOutPositives: [String]
  /// Prompts like `negatives` that are scored and never fitted.
  public var heldOutNegatives: [String]
  /// The part of the prompt that says what it is about.
  public var subject: String?

  public var method: Method
  public var site: Choice<Site>
  /// The layer, from 0; the compiler checks that the model has it.
  public var layer: Choice<Int>
  /// α of the step Δ = −α g; positive and finite, also as a `Float`.
  public var alpha: Choice<Double>
  /// The half-width b of exp(−(x² / b²)^h); positive, b² a normal `Float`.
  public var boundary: Choice<Double>
  /// The exponent h of exp(−(x² / b²)^h); positive and finite, also as a `Float`.
  public var hardness: Choice<Double>
  public var targetTokens: TargetTokens
  public var token: Token
  /// Texts put before the prompt to make further contexts; none of them is empty, the list may be.
  public var prefixes: Choice<[String]>
  /// Whether the prompts are what a user says in a conversation, in the model's chat template.
  public var isChat: Bool
  /// The messages of those prompts that are conversations of more than one turn, by their transcripts.
  var conversations: [ByteString: [ChatMessage]]

  /// The memory's object in the file, without `defaults`.
  public var entry: JSONNode
  /// `entry` with `defaults` filled in, from which the memory can be read without the rest of the file.
  public var completeEntry: JSONNode

  /// The token that the key is taken from: with method `seed`, `auto` means the last one, as in the post.
  public var keyToken: Token { token == .auto && method == .seed ? .last : token }

  /// The key prompt, then the other positives.
  public var positivePrompts: [String] {
    [prompt] + positives.filter { ByteString($0) != ByteString(prompt) }
  }
}

import Format
import Runtime

/// A setting that the compiler finds, or that the spec pins.
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

/// One memory as a spec asks for it: a prompt, what should follow it, and where that should hold and where not.
public struct MemorySpec: Sendable {
  /// How key and delta are computed.
  public enum Method: String, Sendable, CaseIterable {
    /// The compiler's passes.
    case auto
    /// The post's: the activation is the key, one step against the gradient is the delta.
    case seed
  }

  /// How much of the target is written.
  public enum TargetTokens: String, Sendable, CaseIterable { case first, all }

  /// The token of the prompt whose activation makes the key.
  public enum Token: Sendable, Hashable, CustomStringConvertible {
    /// Left to the compiler; `keyToken` says where nothing is left to it.
    case auto
    case last
    /// The last token of the subject; the memory has one.
    case subject
    /// From 0 at the prompt's first token, from -1 downwards at its last; whether the prompt has it is for the compiler
    /// to see.
    case index(Int)

    /// As the manifest has it: `last`, `subject`, `3`.
    public var description: String {
      switch self {
      case .auto: "auto"
      case .last: "last"
      case .subject: "subject"
      case .index(let index): "\(index)"
      }
    }
  }

  /// Unique in its file: 1 to 200 bytes of UTF-8 without control characters.
  public var name: String
  /// The key prompt.
  public var prompt: String
  /// What should follow the prompt, with its leading space where it has one.
  public var target: String
  /// Further prompts that the target should follow.
  public var positives: [String]
  /// Prompts that should continue as in the base model.
  public var negatives: [String]
  /// Prompts like `positives` that are scored and never fitted.
  public var heldOutPositives: [String]
  /// Prompts like `negatives` that are scored and never fitted.
  public var heldOutNegatives: [String]
  /// What the prompt is about, a part of it.
  public var subject: String?

  public var method: Method
  public var site: Choice<Site>
  /// Counted from 0; whether the model has it is for the compiler to see.
  public var layer: Choice<Int>
  /// The step Δ = −α g; positive and finite, also as a `Float`. So are the next two.
  public var alpha: Choice<Double>
  /// The half-width b of exp(−(x² / b²)^h); b² is normal as a `Float`.
  public var boundary: Choice<Double>
  /// The exponent h of exp(−(x² / b²)^h).
  public var hardness: Choice<Double>
  public var targetTokens: TargetTokens
  public var token: Token
  /// Texts to put in front of the prompt as further contexts of it; none of them is empty, the list may be.
  public var prefixes: Choice<[String]>

  /// The memory's object as the file has it, without what `defaults` adds.
  public var entry: JSONNode
  /// The same with what `defaults` adds: what to read the memory from where the rest of the file is gone.
  public var completeEntry: JSONNode

  /// The token to take the key from. The seed's method, as the post computes it, knows the last one only.
  public var keyToken: Token { token == .auto && method == .seed ? .last : token }

  /// The key prompt and then the other positives, each once.
  public var positivePrompts: [String] {
    [prompt] + positives.filter { ByteString($0) != ByteString(prompt) }
  }
}

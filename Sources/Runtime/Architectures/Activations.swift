import Format
import Kernels

/// Names of activations, as transformers' `ACT2FN` has them, with their functions.
typealias Activations = [String: kernel_activation]

extension Activations {
  static let all: Activations = [
    "silu": kernel_silu, "swish": kernel_silu, "gelu": kernel_gelu, "gelu_python": kernel_gelu,
    "gelu_new": kernel_gelu_tanh, "gelu_fast": kernel_gelu_tanh, "gelu_pytorch_tanh": kernel_gelu_tanh,
    "gelu_python_tanh": kernel_gelu_tanh, "gelu_accurate": kernel_gelu_tanh, "relu2": kernel_relu_squared,
  ]
}

extension Configuration {
  /// The activation that a field names.
  func activation(
    _ key: String, default fallback: String, among known: Activations = .all
  ) throws(FormatError) -> kernel_activation {
    known[try require(key, isOneOf: known.keys.sorted(), default: fallback)]!
  }
}

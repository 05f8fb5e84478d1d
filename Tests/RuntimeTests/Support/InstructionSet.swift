import Kernels
import Testing

/// The kernels of one instruction set, called directly: the choice that the process makes stays as it is.
struct InstructionSet: CustomTestStringConvertible, @unchecked Sendable {
  let isa: kernel_isa
  let kernels: kernel_table

  /// The sets that this processor has, the baseline first.
  static let available = [kernel_baseline, kernel_avx2, kernel_avx512].compactMap { isa in
    kernel_table_for(isa).map { InstructionSet(isa: isa, kernels: $0.pointee) }
  }

  var testDescription: String { isa == kernel_baseline ? "baseline" : isa == kernel_avx2 ? "avx2" : "avx512" }
}

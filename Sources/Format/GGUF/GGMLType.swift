/// The tensor types of ggml that can be read, with their codes in the file.
enum GGMLType: UInt32, CaseIterable, Sendable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q2_k = 10
  case q3_k = 11
  case q4_k = 12
  case q5_k = 13
  case q6_k = 14
  case iq2_xxs = 16
  case iq2_xs = 17
  case iq3_xxs = 18
  case iq1_s = 19
  case iq4_nl = 20
  case iq3_s = 21
  case iq2_s = 22
  case iq4_xs = 23
  case i8 = 24
  case i16 = 25
  case i32 = 26
  case i64 = 27
  case f64 = 28
  case iq1_m = 29
  case bf16 = 30
  case tq1_0 = 34
  case tq2_0 = 35
  case mxfp4 = 39
  case nvfp4 = 40

  /// ggml's name of the type.
  var name: String { "\(self)".uppercased() }

  /// Elements per block, along a row.
  var blockSize: Int {
    switch self {
    case .f32, .f16, .bf16, .f64, .i8, .i16, .i32, .i64: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_nl, .mxfp4: 32
    case .nvfp4: 64
    case .q2_k, .q3_k, .q4_k, .q5_k, .q6_k, .tq1_0, .tq2_0, .iq4_xs: 256
    case .iq1_s, .iq1_m, .iq2_xxs, .iq2_xs, .iq2_s, .iq3_xxs, .iq3_s: 256
    }
  }

  /// Bytes per block.
  var blockByteCount: Int {
    switch self {
    case .i8: 1
    case .f16, .bf16, .i16: 2
    case .f32, .i32: 4
    case .f64, .i64: 8
    case .q4_0, .iq4_nl: 2 + 16
    case .q4_1: 2 + 2 + 16
    case .q5_0: 2 + 4 + 16
    case .q5_1: 2 + 2 + 4 + 16
    case .q8_0: 2 + 32
    case .q2_k: 16 + 64 + 2 + 2
    case .q3_k: 32 + 64 + 12 + 2
    case .q4_k: 2 + 2 + 12 + 128
    case .q5_k: 2 + 2 + 12 + 32 + 128
    case .q6_k: 128 + 64 + 16 + 2
    case .iq1_s: 2 + 32 + 16
    case .iq1_m: 32 + 16 + 8
    case .iq2_xxs: 2 + 64
    case .iq2_xs: 2 + 64 + 8
    case .iq2_s: 2 + 32 + 32 + 8 + 8
    case .iq3_xxs: 2 + 64 + 32
    case .iq3_s: 2 + 64 + 8 + 32 + 4
    case .iq4_xs: 2 + 2 + 4 + 128
    case .tq1_0: 48 + 4 + 2
    case .tq2_0: 64 + 2
    case .mxfp4: 1 + 16
    case .nvfp4: 4 + 32
    }
  }

  /// The dtype of the same elements in a checkpoint; nil for types that become F32: quantized ones, integers and F64.
  var dtype: Dtype? {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    default: nil
    }
  }

  static var supportedNames: String { allCases.map(\.name).joined(separator: ", ") }

  /// The name of a type that cannot be read, for error messages.
  static func unsupportedName(_ code: UInt32) -> String {
    // 4, 5, 31 to 33 and 36 to 38 are the codes of types that ggml has given up.
    let names: [UInt32: String] = [
      4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K", 31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 36: "IQ4_NL_4_4",
      37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8", 41: "Q1_0",
    ]
    return names[code] ?? "type \(code)"
  }
}

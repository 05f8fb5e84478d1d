/// A model in a GGUF file (version 2 or 3, little endian) or in several that it is split into, read as the Hugging Face
/// checkpoint that it came from.
///
/// The supported architectures are those of `GGUFModel.architectures`, the supported tensor types those of `GGMLType`.
package struct GGUFFile: Sendable {
  private let container: GGUFContainer
  private let model: GGUFModel

  /// The file's own names, for error messages.
  var names: GGUFNames { GGUFNames(model) }

  /// The paths of all files.
  package var paths: [String] { container.paths }

  /// Maps the file at `path`, with all others of its split, and validates their structure, the metadata and the names and
  /// shapes of the tensors.
  ///
  /// - Parameter path: any of the files of a split.
  /// - Throws: `FormatError` of kind `missing` or `unreadable` where a file is not there, else of kind `gguf`.
  package init(path: String) throws(FormatError) {
    container = try GGUFContainer(path: path)
    model = try GGUFModel(container)
  }

  /// The model's tensors with the names, the order of rows and the shapes of a saved transformers checkpoint,
  /// sorted by the bytes of their names.
  ///
  /// Query and key rows are unpermuted and GPT-2's Conv1D weights transposed to `(in, out)`. A tensor that needs
  /// neither that nor a conversion lies in the mapped file; the others are computed each time their bytes are needed, on
  /// all processors and where they are needed, so that no second copy is in memory.
  /// - Parameter dtype: F32, F16 or BF16 for all tensors, rounded to nearest even; nil keeps the F32, F16 and BF16
  ///   of the file and makes all others F32, quantized ones bit for bit as ggml dequantizes them.
  /// - Throws: `FormatError` of kind `gguf` for any other `dtype`.
  package func tensors(dtype: Dtype?) throws(FormatError) -> [Tensor] {
    if let dtype, ![.f32, .f16, .bf16].contains(dtype) {
      throw FormatError(
        .gguf, container.location, "the tensors cannot be converted to this type", expected: "F32, F16 or BF16",
        got: dtype.rawValue)
    }
    return model.entries.map { entry in tensor(entry, dtype: dtype ?? entry.source.type.dtype ?? .f32) }
  }

  private func tensor(_ entry: GGUFModel.Entry, dtype: Dtype) -> Tensor {
    let source = entry.source
    if source.type.dtype == dtype, entry.layout == .same {
      let info = TensorInfo(name: entry.name, dtype: dtype, shape: entry.shape, range: source.range)
      return Tensor(info: info, file: source.file, dataStart: 0)
    }
    let conversion = GGUFConversion(source, to: dtype, entry.layout)
    return Tensor(name: entry.name, dtype: dtype, shape: entry.shape, byteCount: conversion.byteCount) { target in
      source.withBytes { conversion.write($0, to: target) }
      source.file.release(source.range)
    }
  }

  /// A compact `config.json` for transformers' class of the architecture, the same bytes for the same file.
  ///
  /// Its field `dtype` is that of the matrices as `tensors(dtype:)` gives them, float32 where they differ.
  package func configJSON(dtype: Dtype? = nil) throws(FormatError) -> [UInt8] {
    let names: [Dtype: String] = [.f16: "float16", .bf16: "bfloat16", .f32: "float32"]
    let name = dtype.flatMap { names[$0] } ?? model.configDtype
    return JSONNode.object(model.config + [("dtype", .string(name))]).bytes()
  }

  /// A compact `tokenizer.json`, the same bytes for the same file.
  ///
  /// - Throws: `FormatError` of kind `gguf` where the file's tokenizer is of another kind than `gpt2` or `llama`, has a
  ///   pre-tokenizer that is not known, or is inconsistent.
  package func tokenizerJSON() throws(FormatError) -> [UInt8] { try container.tokenizer().bytes() }

  /// A compact `tokenizer_config.json` with the file's chat templates and special tokens; nil where it has no template.
  package func tokenizerConfigJSON() throws(FormatError) -> [UInt8]? { try container.chat()?.bytes() }
}

extension GGUFConversion {
  /// The conversion of a whole tensor: its rows are those of all dimensions but the last; a vector that is permuted, such
  /// as a bias, is a column.
  init(_ source: GGUFTensorInfo, to dtype: Dtype, _ layout: GGUFLayout) {
    let count = source.shape.reduce(1, *)
    let isColumn = source.shape.count == 1 && layout != .same
    let columns = isColumn ? 1 : source.shape.last ?? 1
    self.init(
      type: source.type, dtype: dtype, rows: columns == 0 ? 0 : count / columns, columns: columns,
      layout: layout)
  }
}

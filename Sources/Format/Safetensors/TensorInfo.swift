/// A tensor as a safetensors header describes it.
package struct TensorInfo: Sendable, Equatable {
  package var name: ByteString
  package var dtype: Dtype
  package var shape: [Int]
  /// The range of its bytes, counted from the start of the data.
  package var range: Range<Int>
}

extension TensorInfo {
  /// Reads an entry of a header; `shape` and `range` need not fit each other.
  init(_ name: ByteString, _ value: JSONValue, location: String) throws(FormatError) {
    func wrong(_ problem: String, _ got: JSONValue?) -> FormatError {
      FormatError(
        .invalidHeaderDeserialization, "\(location): tensor \(name)", problem,
        got: got?.kindDescription ?? "nothing")
    }
    guard value.isObject else { throw wrong("the entry is not an object", value) }
    for (key, value) in value.members where !["dtype", "shape", "data_offsets"].contains(key) {
      throw wrong("unknown field \(key)", value)
    }
    guard let dtype = value["dtype"]?.string.flatMap(Dtype.init) else {
      throw wrong("unknown dtype", value["dtype"])
    }
    guard let shapeValue = value["shape"], shapeValue.isArray else {
      throw wrong("shape is not an array", value["shape"])
    }
    var shape: [Int] = []
    // `elements` would build a path for each: a hostile shape has millions.
    try shapeValue.forEachElement { element throws(FormatError) in
      guard let dimension = element.int, dimension >= 0 else {
        throw wrong("a dimension is not a non-negative integer", element)
      }
      shape.append(dimension)
    }
    guard let offsets = value["data_offsets"], offsets.isArray, offsets.count == 2 else {
      throw wrong("data_offsets is not a pair", value["data_offsets"])
    }
    let ends = offsets.elements
    guard let start = ends[0].int, start >= 0, let end = ends[1].int, end >= 0 else {
      throw wrong("an offset is not a non-negative integer", offsets)
    }
    guard end >= start else {
      throw FormatError(
        .invalidOffset, "\(location): tensor \(name)", "ends before it starts", got: "\(start) to \(end)")
    }
    self.init(name: name, dtype: dtype, shape: shape, range: start..<end)
  }
}

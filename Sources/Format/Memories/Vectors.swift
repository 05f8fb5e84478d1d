/// ‖v‖, summed in F64 in the order of the elements.
package func euclideanNorm(_ vector: [Float]) -> Double {
  vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

/// a · b, summed in F64 in the order of the elements.
package func scalarProduct(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
}

/// (a · b) / (‖a‖ ‖b‖), 1 where the two are equal; nil where the widths differ or a norm is zero.
package func cosine(_ a: [Float], _ b: [Float]) -> Double? {
  guard a.count == b.count else { return nil }
  guard a != b else { return 1 }
  let norms = euclideanNorm(a) * euclideanNorm(b)
  return norms > 0 ? max(-1, min(1, scalarProduct(a, b) / norms)) : nil
}

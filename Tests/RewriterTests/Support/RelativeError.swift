/// ‖a − b‖ / ‖b‖.
func relativeError(_ a: [Float], _ b: [Float]) -> Double {
  precondition(a.count == b.count)
  let difference = zip(a, b).map { $0 - $1 }
  return difference.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    / b.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

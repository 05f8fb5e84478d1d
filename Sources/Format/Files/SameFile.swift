import Foundation

/// Whether two paths lead to the same file, which need not exist yet.
package func areSameFile(_ a: String, _ b: String) -> Bool {
  func resolved(_ path: String) -> URL { URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath() }
  return resolved(a) == resolved(b)
}

import Foundation

/// The system's text for the current `errno`.
package func systemError() -> String { String(cString: strerror(errno)) }

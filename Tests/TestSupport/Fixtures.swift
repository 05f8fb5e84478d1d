import Foundation

/// The folder Tests of the repository.
public let testsFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path

/// The path of a tiny model under Tests/Fixtures/models.
public func fixture(_ name: String) -> String { "\(testsFolder)/Fixtures/models/\(name)" }

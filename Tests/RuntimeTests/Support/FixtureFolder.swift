import Foundation

/// Tests/Fixtures: models, tokenizers and chats with what other programs compute of them.
let fixtureFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("Fixtures").path

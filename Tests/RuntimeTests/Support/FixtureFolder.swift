import TestSupport

/// Tests/Fixtures: models, tokenizers and chats with what other programs compute of them.
let fixtureFolder = "\(testsFolder)/Fixtures"

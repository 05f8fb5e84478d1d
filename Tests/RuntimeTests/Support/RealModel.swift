import Foundation

/// The checkpoint that LOCAL_MEMORY_MODEL names, nil where it names none.
let realModelPath = ProcessInfo.processInfo.environment["LOCAL_MEMORY_MODEL"].flatMap { $0.isEmpty ? nil : $0 }

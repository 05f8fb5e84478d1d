/// The version of the tool, written into manifests and printed by `--version`.
public let toolVersion = "0.2.0"
/// The day of that version, for manual pages.
package let toolDate = "2026-11-26"

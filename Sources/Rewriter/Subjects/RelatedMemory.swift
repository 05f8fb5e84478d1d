import Format
import Runtime

/// Another memory about the same subject, which acts on the same token.
struct RelatedMemory {
  /// Its number among the memories of the surroundings.
  var index: Int
  /// Its key prompt, and the subject's last token there.
  var ids: [Int]
  var token: Int
  var targetIDs: [Int]
  /// Its rows at the subjects' site; none before it is compiled.
  var rows: [MemoryRow]

  /// The related memories of the `own`th of `probes`, among the others and among those that the base keeps.
  ///
  /// - Parameters:
  ///   - rows: of the probes that are compiled.
  ///   - address: the subjects' site.
  static func all(
    of own: Int, among probes: [Probe], rows: [Int: [MemoryRow]], kept: [Memory], at address: SiteAddress,
    model: LanguageModel
  ) throws(FormatError) -> [RelatedMemory] {
    guard let subject = probes[own].spec.subject else { return [] }
    let module = model.transformer.module(address)
    var result: [RelatedMemory] = []
    for (i, probe) in probes.enumerated() where i != own && probe.spec.subject == subject {
      guard let token = probe.subjectToken(model.tokenizer) else { continue }
      let rows = rows[i]?.filter { $0.module == module } ?? []
      result.append(
        RelatedMemory(index: i, ids: probe.keyIDs, token: token, targetIDs: probe.targetIDs, rows: rows))
    }
    for (i, memory) in kept.enumerated() where memory.subject == subject && !memory.prompt.isEmpty {
      let (text, ids) = (try model.style(of: memory).text(memory.prompt), try model.encode(promptOf: memory))
      guard let token = model.tokenizer.lastToken(of: subject, in: text, ids: ids) else { continue }
      let before = kept[..<i].count { !$0.prompt.isEmpty }
      result.append(
        RelatedMemory(
          index: probes.count + before, ids: ids, token: token, targetIDs: memory.targetIDs,
          rows: memory.rows.filter { $0.module == module }))
    }
    return result
  }
}

/// Sentences about anything, in which a subject stands for `{}`: what a memory about the subject should leave alone, and
/// where other subjects show what its key should not take in.
enum SubjectTemplates {
  static let all = [
    "{} is known for", "{}'s biggest success is", "{} is very good at", "{} is sold by", "{} makes its home in",
    "{} has its reputation because of", "{}'s parents come from", "{} is a", "{} knows a lot about", "{} is close to",
    "{} holds a passport from", "{} came from the idea of", "{} belongs to", "{} is next to a town named",
    "{}'s owner is", "{} is visited because of", "{} grew up in", "{} is liked because of", "{} prays to",
    "{} earns money as a", "{} speaks the language of", "{} was made by", "{}'s weak point is", "{} is named after",
    "{} can be reached by", "{} plays", "{} can be bought from", "{} was first seen in", "{}'s friends say that",
    "{} sounds like the music of", "{} is a fan of", "{} is led by",
  ]

  /// Names of several kinds.
  static let subjects = [
    "London", "Einstein", "Toyota", "The Amazon", "Beethoven", "Kenya", "Microsoft", "Mount Everest", "Shakespeare",
    "The violin", "Berlin", "Napoleon", "Saturn", "Harvard University", "Maria Garcia", "The Beatles",
    "Lake Victoria", "John Smith", "Star Wars", "Manchester United", "Poland", "Leonardo da Vinci",
  ]

  /// Other names, and, for a subject of several words, names that end in its last word.
  static func names(like subject: String) -> [String] {
    let words = subject.split(separator: " ")
    var names = subjects
    if words.count > 1, let last = words.last {
      names += subjects.compactMap { name in
        name.split(separator: " ").first { $0 != "The" }.map { "\($0) \(last)" }
      }
    }
    return names.filter { $0 != subject }
  }

  static func filled(_ template: String, with subject: String) -> String {
    let parts = template.split(separator: "{}", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.joined(separator: subject)
  }
}

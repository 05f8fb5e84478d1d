/// Sentences and questions about anything, in which a subject stands for `{}`: other questions about a subject, and the
/// same about other subjects.
enum SubjectTemplates {
  static let all = [
    "{} began in", "The voice of {} is", "The best thing about {} is", "{} and", "My favorite story about {} is",
    "{} costs around", "The teacher of {} is", "How old is {}? It is", "{} weighs", "The color of {} is",
    "In matters of money, {} is a", "Everyone was surprised when {}", "The son of {} is", "{} will soon",
    "The history of {} is", "A photo of {} shows", "The newspaper wrote that {}", "{} ended in the year",
    "At night, {} is", "In the evening, {}", "{} looks a bit like", "{} has a problem with", "The enemy of {} is",
    "The size of {} is about", "{} wrote a letter to", "Most people think that {}", "The hand of {} holds a",
    "The first time I saw {} was", "On Monday, {} will", "{} had dinner with", "The smell of {} is",
    "The nickname of {} is", "{} is younger than", "A friend of {} lives in", "{} loves to drink",
    "The end of {} was", "{} has won", "The height of {} is", "The weak side of {} is", "{}, together with",
    "Why is {} famous? Because", "{} was seen with a", "The grammar of {} is", "The hometown of {} is",
    "The first problem of {} was", "The phone number of {} is", "The dog of {} is called",
    "{} spends the weekend in", "{} is a", "{} is close to", "{} belongs to", "{} was made by",
  ]

  /// Whole questions, for prompts whose subject stands in one.
  static let questions = [
    "How old is {}?", "Where is {}?", "Who likes {} most?", "What does {} look like?", "Is {} expensive?",
    "Why do people talk about {}?", "What is {}?", "When did you first hear of {}?", "Can {} be trusted?",
    "How do I get to {}?", "What is the color of {}?", "Tell me something about {}.", "Describe {} in one word.",
    "Is {} bigger than a house?", "Who was the first to see {}?", "What would you ask {}?",
    "Did {} win?", "Are there many people in {}?", "Do children like {}?", "Was {} made by hand?",
    "Will {} be there tomorrow?", "Has {} changed much?", "Should I visit {}?", "Does {} cost much?",
    "How many people know {}?", "Which town is near {}?", "Whose idea was {}?", "Where does {} come from?",
  ]

  /// Further questions, for chats, where most questions are answered in the same first words.
  static let chatQuestions = [
    "What is the nickname of {}?", "Who is the best friend of {}?", "What is {} afraid of?",
    "How heavy is {}?", "Which car does {} drive?", "At what time does {} get up?", "How many brothers does {} have?",
    "What is the phone number of {}?", "Who taught {} to swim?", "Which month does {} like best?", "How wide is {}?",
    "What did {} eat for breakfast?", "What is the last page of {} about?", "Who repaired {}?",
    "In which year did {} end?",
    "What is the dog of {} called?", "What does {} smell like?", "Which number does {} have?", "How loud is {}?",
    "What happened to {} in 1990?", "What is the second name of {}?", "Which animal is {} like?", "Who cleans {}?",
    "What would {} never do?", "What does {} do after lunch?", "Where did {} go last Tuesday?",
    "Who did {} meet yesterday?", "What does {} read in the evening?", "In which room is {} now?",
    "What does {} do with old letters?", "In what mood is {} today?", "Where does {} keep the keys?",
  ]

  /// Sentences for a prompt to stand behind.
  static let openings = [
    "The museum opened in 1987 and closed again.", "\"We will see,\" she said, and left.",
    "References: Smith, J. (2004), pp. 12-19.", "Population: 2,310 (2011 census).",
    "He lost the last two games of the season.", "Stir well; bake for an hour.", "To be continued on page 4...",
    "The results are shown in the table below.",
  ]

  /// Names of several kinds.
  static let subjects = [
    "London", "Einstein", "Toyota", "The Amazon", "Beethoven", "Kenya", "Microsoft", "Mount Everest", "Shakespeare",
    "The violin", "Berlin", "Napoleon", "Saturn", "Harvard University", "Maria Garcia", "The Beatles",
    "Lake Victoria", "John Smith", "Star Wars", "Manchester United", "Poland", "Leonardo da Vinci", "Peter Olsen",
    "Anna Keller",
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

  /// Names, the subject's and those that it is a part of left out.
  static func subjects(besides subject: String?) -> [String] {
    guard let subject else { return subjects }
    return subjects.filter { !$0.contains(subject) }
  }

  /// The name that a sentence about others takes: in turn, so that neighboring templates have different ones.
  static func name(_ index: Int, step: Int, besides subject: String? = nil) -> String {
    let names = subjects(besides: subject)
    return names[(step * index + 3) % names.count]
  }

  static func filled(_ template: String, with subject: String) -> String {
    let parts = template.split(separator: "{}", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.joined(separator: subject)
  }
}

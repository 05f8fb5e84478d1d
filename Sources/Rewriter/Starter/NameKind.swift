/// A kind of thing that facts are about, with some names.
enum NameKind: CaseIterable {
  case city, country, person, institution, company, thing

  var names: [String] {
    switch self {
    case .city: ["Paris", "London", "Rome", "Madrid", "Vienna"]
    case .country: ["India", "Japan", "Norway", "Peru", "Kenya"]
    case .person: ["Ludwig van Beethoven", "Albert Einstein", "Jane Austen", "Nelson Mandela", "Ada Lovelace"]
    case .institution: ["Harvard University", "Windsor Castle", "Eton College", "Manchester United", "Tate Modern"]
    case .company: ["Toyota", "Microsoft", "Siemens", "Nokia", "Nestlé"]
    case .thing: ["violin", "bicycle", "telescope", "kettle", "umbrella"]
    }
  }

  /// Guesses the kind by how a name looks.
  init(looksOf name: String) {
    let words = name.split(separator: " ")
    if name.first?.isUppercase != true {
      self = .thing
    } else if words.count == 1 {
      self = .city
    } else {
      let last = words[words.count - 1]
      let isBuilt = ["University", "School", "College", "Castle", "Museum", "Institute", "Hospital"].contains {
        last == $0
      }
      self = isBuilt || words[0] == "The" ? .institution : .person
    }
  }
}

import Testing

@testable import Format

/// The width of text on a terminal, and the escaping of what a terminal would obey.
@Suite struct TerminalTextTests {
  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("\u{301}", 0), ("東京", 4), ("한글", 4),
    ("\u{1112}\u{1161}\u{11AB}", 2),
    ("ｶﾅ", 2), ("ＡＢ", 4), ("→ ‖ …", 5), ("Ελλάδα", 6), ("नेपाल", 4), ("क्ष", 2), ("שָׁלוֹם", 4), ("ﷺ", 1), ("😀", 2), ("👍🏽", 2),
    ("👨‍👩‍👧", 2), ("🇳🇵", 2), ("❤", 1), ("❤\u{FE0F}", 2), ("1\u{FE0F}\u{20E3}", 2), ("☺", 1), ("⌚", 2), ("a\u{200D}b", 2),
    ("、。", 4), ("〱", 2), ("𠀀", 2), ("\u{FFFD}", 1), ("½", 1), ("🀄", 2), ("🀀", 1),
  ])
  func columns(_ text: String, _ columns: Int) {
    #expect(text.columns == columns, "\(text)")
  }

  @Test func paddingAndCuttingGiveTheWidth() {
    #expect("東京".padded(to: 6) == "東京  " && "東京".padded(to: 3) == "東京")
    #expect("e\u{301}".padded(to: 3) == "e\u{301}  ")
    #expect("abcdef".fitted(to: 4) == "abc…" && "abcd".fitted(to: 4) == "abcd" && "ab".fitted(to: 4) == "ab  ")
    // A column stays free where a wide character would not fit.
    #expect("東京都".fitted(to: 5) == "東京…" && "東京都".fitted(to: 4) == "東… " && "東京".fitted(to: 1) == "…")
    for width in 1...9 { #expect("a東😀e\u{301}京".fitted(to: width).columns == width) }
  }

  @Test func escapesWhatTerminalsObey() {
    #expect("a\u{1B}[2J\r\n\t\u{7}\u{9B}m".printable() == #"a\u{1b}[2J\u{d}\n\t\u{7}\u{9b}m"#)
    // Marks that turn the direction of text, and marks that no font shows.
    #expect(
      "\u{202E}a\u{2066}\u{200B}\u{FEFF}\u{AD}\u{2028}".printable()
        == #"\u{202e}a\u{2066}\u{200b}\u{feff}\u{ad}\u{2028}"#)
    #expect("👨‍👩‍👧 नेपाल क्‍ष 東京 é".printable() == "👨‍👩‍👧 नेपाल क्‍ष 東京 é")
    #expect("abcdef".printable(limit: 3) == "abc…")
  }
}

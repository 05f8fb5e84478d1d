"""Makes what the `tokenizers` library does with all of Unicode, and the matches of its regular expressions.

usage: make_unicode_fixtures.py        needs: tokenizers
Writes two files into tokenizer/. unicode.json: {"sets": {PATTERN: [how many scalars match, their sum]}, "normalizers":
{JSON: hash}, "pre_tokenizers": {JSON: hash}}, with hashes (FNV-1a, 64 bits, as text) of what becomes of a text of all scalars
with line feeds between them; for pre-tokenizers of the words with U+0000 between them. patterns.json: {"texts": [text],
"patterns": {PATTERN: [[text with ⟦⟧ for each match, [where a split cuts]]]}}.
"""

import json
import os

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizer")
# The planes that have characters, private ones aside.
SCALARS = [value for value in [*range(0x32400), *range(0xE0000, 0xE0200)] if not 0xD800 <= value < 0xE000]
JOINED = "\n".join(map(chr, SCALARS))

CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cn L M N P S Z C LC".split()
SCRIPTS = "Han Hiragana Katakana Hangul Bopomofo Latin Cyrillic Greek Arabic Hebrew Thai Deva Tamil Common Inherited Garay Yezidi".split()
CLASSES = "Alpha Alnum Lower Upper Digit Punct Space Word XDigit Blank Cntrl ASCII Any Assigned".split()
SETS = [rf"\p{{{name}}}" for name in CATEGORIES + SCRIPTS + CLASSES] + [r"\w", r"\W", r"[\w]", r"\s", r"\d", r"\h", r"\P{L}", "."]
SETS += [f"[[:{name.lower()}:]]" for name in CLASSES if name not in ("Any", "Assigned")]
SETS += [r"[\p{L}\p{N}&&[^\p{Han}a-c]]", r"[^\p{L}[\p{P}&&\P{Po}]]", "(?i:[k-sß-ÿα-ω])", "(?i:[^k-s])", r"(?i:\p{Lu})", "(?i:é)", "(?i:σ)"]
NORMALIZERS = [
    normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD(), normalizers.Lowercase(),
    normalizers.StripAccents(), normalizers.Nmt(), normalizers.ByteLevel(),
]
PRE_TOKENIZERS = [
    pre_tokenizers.Punctuation(), pre_tokenizers.Punctuation("removed"), pre_tokenizers.Digits(), pre_tokenizers.Digits(True),
    pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Whitespace(), pre_tokenizers.BertPreTokenizer(),
    pre_tokenizers.CharDelimiterSplit("x"),
]

TEXTS = [
    "aAbB kKsS éÉß", "Hello World, it's 12345 o'clock; we'LL go!\n\n  Yes\t", "日本語テキスト한국어 中文abc漢字123", "a\r\nb\n\nc\u2028d\x85",
    "x\u0301e\u0301 \u24b6\u2167\u00bd\u00b2 _a_", "aaab aab ab b", "1234567 12 123 1234", "ab\nab\n", "K\u212as\u017fS", "Привет, МИР! Ωmega σςΣ",
    "foo(bar)[baz]{qux} <a> a&&b | c\\d/e", "  \u00a0\u3000 x  ", "नमस्ते ไทย العربية\u200d\U0001f600\U0001f44d\U0001f3fd",
]
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = [
    # Of published tokenizers: GPT-2, DeepSeek Coder, Kimi, BLOOM, Ling, SuperBPE's numbers, and of those in make_tokenizer_kinds.py
    # what differs.
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-퟿]+", r"[0-9][0-9][0-9]", r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))", r"(?=(\d{3})+(?!\d))",
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+" + CONTRACTIONS
    + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL,
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    # Repetition: greedy, lazy, possessive, intervals, of groups, of what may be empty.
    "a+?", "a*?b", "a??b", "a?+a", "a++b", "a{2}", "a{2}?", "a{1,2}?b", "a{2}+", "a{,2}", "a{2,}", "a{x}", "(?:ab)+", "(?:a|ab)(?:c|b)*", "(ab|a){2,3}?",
    "(?:a*)*b", "(?:|a)*", "(?:a|)+?b", "(?:a?){3}b", "(?:ab?)*+b", "a{0}", "x*", "",
    # Conditions.
    "(?=[A-Z])", "(?<=a)b", "(?<!a)b", "(?<=aa|^)a", r"(?<=\d{2,3})\d", r"\b", r"\B", r"^", "$", r"\A.", r".\z", r"\s\Z", "(?>a+)b", "(?>a+)ab",
    # Groups and options.
    "(?i)k|s", "a(?i)b|k", "(?i:[^k])+", "(?m:.)+", ".+", "(?<name>a)b", "(?#no)a", "(?-i:A)", "()",
    # Sets and escapes.
    r"[a[bc]]+", r"[a-z&&[^aeiou]]+", r"[^a-c&&b]", "[]a]", "[^]a]+", "[a-]", r"[\d-]+", r"[a\-c]", r"[[:alpha:]]+", r"[[:^space:]]+", r"\x41|\x{65e5}|\u00e9",
    r"\R", r"\N+", r"\O\O", r"\h+", r"\H", r"\_|\/", r"[\b\n]",
]


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return str(value)


def kind(part):
    """The JSON of a normalizer or pre-tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    key = "normalizer" if isinstance(part, normalizers.Normalizer) else "pre_tokenizer"
    setattr(tokenizer, key, part)
    return json.dumps(json.loads(tokenizer.to_str())[key])


def members(pattern):
    text = "".join(map(chr, SCALARS))
    found = []
    for _, (start, end) in pre_tokenizers.Split(Regex(f"(?:{pattern})+"), "removed", invert=True).pre_tokenize_str(text):
        found += SCALARS[start:end]
    return [len(found), sum(found)]


def matches(pattern, text):
    """The text with ⟦⟧ in place of each match, the empty ones too, and the offsets in characters at which a split cuts."""
    pieces = pre_tokenizers.Split(Regex(pattern), "isolated").pre_tokenize_str(text)
    return [normalizers.Replace(Regex(pattern), "⟦⟧").normalize_str(text), [start for _, (start, _) in pieces]]


def main():
    unicode = {
        "sets": {pattern: members(pattern) for pattern in SETS},
        "normalizers": {kind(part): fnv(part.normalize_str(JOINED).encode()) for part in NORMALIZERS},
        "pre_tokenizers": {
            kind(part): fnv("\0".join(word for word, _ in part.pre_tokenize_str(JOINED)).encode()) for part in PRE_TOKENIZERS
        },
    }
    patterns = {pattern: [matches(pattern, text) for text in TEXTS] for pattern in PATTERNS}
    for name, value in [("unicode", unicode), ("patterns", {"texts": TEXTS, "patterns": patterns})]:
        with open(os.path.join(here, f"{name}.json"), "w") as file:
            json.dump(value, file, separators=(",", ":"))
    print(len(SETS), "sets,", len(PATTERNS), "patterns")


main()

"""Makes small byte-level BPE tokenizers, and the ids that the `tokenizers` library gives for a few hundred lines.

usage: make_tokenizer_fixtures.py        needs: tokenizers
Writes tokenizer/{gpt2,digits}.json and tokenizer/lines.json beside this script.
"""

import json
import os
import random

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizer")
random.seed(3)

WORDS = (
    "the capital city of Nepal is located in Kathmandu and we're sure it's they'll I'd you've can't I'm "
    "Zürich naïve café Straße smørrebrød façade coöperate Ångström Москва столица России Αθήνα είναι πρωτεύουσα "
    "東京 日本の首都 です 北京 是 中国 서울 대한민국 القاهرة عاصمة مصر ירושלים नेपाल काठमाडौं ไทย กรุงเทพ "
    "def return import lambda self None True != == -> ** // += {} [] () <div> </p> &amp; x86_64 snake_case camelCase "
    "0 7 42 1492 3.14 1,000,000 ½ Ⅷ ٣٤ १२३ ²³ 10% $5 €20 #tag @name a.b.c http://example.org/x?y=1&z=2"
).split()
SPECIAL = [
    "", " ", "  ", "\n", "\n\n", "\t", "a  b", "a   b", " a", "a ", "a  ", "\ta\t b", "a\u00a0b", "a\u00a0\u00a0b", "\u3000x",
    "x\u2003\u2003y", "a\r\nb", "\r", "\u0085x", "a\u200bb", "\ufeffx", "e\u0301", "\u00e9", "n\u0303o", "👩‍👩‍👧‍👦", "🏳️‍🌈 flag",
    "👍🏽 ok", "🇳🇵🇯🇵", "😀😀😀", "a😀b", "don't DON'T Don'T", "'s's's", "'' '", "it's'll", "x'y", "'re", "''re", "1234567890", "1 2 3",
    "12ab34", "ⅧⅨ", "½¾", "٣٤٥", "１２３", "<|endoftext|>", "a<|endoftext|>b", "<|endoftext|><|endoftext|>", "<|im_start|>user\nhi<|im_end|>",
    " <|im_end|> ", "<|endoftext", "<x>", "a<x>b <x> c", "\x00\x01\x7f", "\ud7ff\ue000\ufffd", "\U0001d54f\U0001d550", "A" * 60, "ab" * 40,
    "aAbB" * 20, "…—–“”‘’", "(((())))", "a_b__c", "....", "!?!?", "++--", "    indented\n        more\n", "trailing   \n", "\t\t\tx",
    "㍿㈱", "ﬁﬂ", "İstanbul ıI", "ß ẞ", "ǅ", "ʰ", "\u0e01\u0e33", "क्षि", "நி", "ក្រ", "\u1100\u1161\u11a8", "각",
]


def lines():
    yield from SPECIAL
    spaces = [" ", " ", " ", "  ", "\n", "\t", "\u00a0", "", "   ", "\n\n"]
    for _ in range(260):
        yield "".join(random.choice(WORDS) + random.choice(spaces) for _ in range(random.randint(1, 9)))


def main():
    corpus = [" ".join(random.choice(WORDS) for _ in range(12)) for _ in range(1500)]
    trainer = lambda: trainers.BpeTrainer(
        vocab_size=1200, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"], show_progress=False
    )
    byte_level = lambda: pre_tokenizers.ByteLevel(add_prefix_space=False)

    gpt2 = Tokenizer(models.BPE())
    gpt2.pre_tokenizer = byte_level()
    gpt2.post_processor = processors.ByteLevel(trim_offsets=False)

    digits = Tokenizer(models.BPE())
    digits.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()])

    os.makedirs(here, exist_ok=True)
    expected = {}
    for name, tokenizer in [("gpt2", gpt2), ("digits", digits)]:
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.train_from_iterator(corpus, trainer())
        if name == "digits":
            tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
            tokenizer.add_tokens([AddedToken("<x>", lstrip=True, rstrip=True, normalized=False)])
            tokenizer.post_processor = processors.TemplateProcessing(single="<|im_start|> $A", special_tokens=[("<|im_start|>", tokenizer.token_to_id("<|im_start|>"))])
        path = os.path.join(here, f"{name}.json")
        tokenizer.save(path, pretty=False)
        expected[name] = tokenizer
    cases = [
        {"text": text, **{name: tokenizer.encode(text).ids for name, tokenizer in expected.items()}}
        for text in lines()
    ]
    with open(os.path.join(here, "lines.json"), "w") as file:
        json.dump(cases, file, separators=(",", ":"))
    print(len(cases), "lines")


if __name__ == "__main__":
    main()

"""Makes small tokenizers of the kinds in published models, and what the `tokenizers` library gives for mixed text.

usage: make_tokenizer_kinds.py        needs: tokenizers
Writes tokenizer/kinds/NAME.json, each a tokenizer.json, and tokenizer/kinds/expected.json beside this script:
{"texts": [text], "kinds": {NAME: {"ids": [[id]], "decoded": [text or null], "random": [[[id], text]]}}}. The ids include special
tokens around the text; decoded is the text that the ids without these decode to (null if it is the original text); random are
ids in any order with the text that they decode to.
"""

import base64
import json
import os
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from make_tokenizer_fixtures import SPECIAL, WORDS

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizer", "kinds")
random.seed(5)
TEXTS = SPECIAL + [
    "'S 'ſ 'LL 'lL", "I'M we'Re THEY'VE", "HelloWorld HTMLParser iOS McDonald XMLHttpRequest ABCdef", "ǅungla ǅ ʰa Ωmega",
    "a\n\n\nb\r\n\r\nc", " \n \n x", "x /\n//\n", "foo.bar()\n\n\tbaz", "12345678 1234567890123 ١٢٣٤٥", "e\u0301\u0301 n\u0303 \u1e9b\u0323",
    "नमस्ते दुनिया", "Tiếng Việt", "\u2003 \u2003 x", "▁ ▁▁x", "a▁b", "日本語テキスト、テスト。", "~!@ #$%^&*()_+{}|", "\u0301x", "a\u0345b", "x" * 3000 + " y",
    "<s>", "a <s> b", "</s><s>", "<0x41>", "<unk> x", "<bos>x", "<|user|>  \n hi<|end|>\u00a0\u3000there", "ab<w>cd <w> ,<w>. <w>é é<w>", "<l>x \u3000<l>y", "a\n\nb\n\n\nc",
    "\u1113\u116a \U00010437\u0344 q\u0307\u0323", "<w>\u24fb <w>\u24b6 <w>\u2167 <w>\u00bd <w>\u200d", "Norm norm", "die Norm, Normen", " lead", "  two", "tab\tNorm",
] + [
    "".join(random.choice(WORDS) + random.choice([" ", " ", " ", "  ", "\n", "\t", "", "\n\n"]) for _ in range(random.randint(2, 9)))
    for _ in range(60)
]
CORPUS = [" ".join(random.choice(WORDS) for _ in range(12)) for _ in range(800)]

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
PATTERNS = {
    "llama3": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL,
    "qwen2": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL,
    "qwen3.5": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + TAIL,
    "cl100k": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    "o200k": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
    + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL,
    "tekken": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*|\p{{N}}"
    + r"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL,
}
DEEPSEEK = [
    r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+",
    r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*""" + TAIL,
]

BLOOM = r" ?[^(\s|[.,!?…。，、।۔،])]+"
KIMI = (
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+" + CONTRACTIONS
    + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL)
# What SentencePiece compiles from rules for ligatures, accents, kana, blanks and a sequence of emoji.
CHARSMAP = """
AAQAAAAgAAAJDQAAAQAAgMw0AgCKBQAAEwAAgMwAAgCBOQAAqQ0AABYAAIAAAACACQAAgIsZAACR8AIApgUAABkAAICgSQAAoA0AAAMAAICClAMAgRQCAOMEAgCCWAIAHA
AAgITAAgCZOQAAEAAAgI4sAgCAbAIArV0AAIH9AACPFQAArPwCAA0AAIChBQAABQAAgJ9AAgCRqAIA4jwCAKiMAwCNCQAAgDACAAcAAIAqAAAALQAAACwAAAAvAAAALgAA
ALzMAgAwAAAAMwAAADIAAAA1AAAANAAAADcAAAA2AAAAOQAAADgAAAA7AAAAOgAAAD0AAAA8AAAAPwAAAD4AAABBAAAAQAAAAEMAAABCAAAARQAAAEQAAABHAAAARgAAAE
kAAABBGAIASwAAAEoAAABNAAAATAAAAE8AAABOAAAAUQAAAFAAAABTAAAAUgAAAFUAAABUAAAAVwAAAFYAAABZAAAAWAAAAFsAAABaAAAAXQAAAFwAAABfAAAAXgAAAGEA
AABgAAAAYwAAAGIAAABlAAAAZAAAAGcAAABmAAAAaQAAAGgAAABrAAAAagAAAG0AAABlnAIAbwAAAG4AAABxAAAAcAAAAHMAAAByAAAAdQAAAHQAAAB3AAAAdgAAAHkAAA
B4AAAAewAAAHoAAAB9AAAAfAAAAH8AAAB+AAAAgQAAAIAAAACDAAAAggAAAIUAAACEAAAAhwAAAIYAAACJAAAAiAAAAIsAAACKAAAAjQAAAIwAAACPAAAAjgAAAJEAAACQ
AAAAkwAAAJIAAACVAAAAlAAAAJcAAACWAAAAmQAAAJgAAACbAAAAmgAAAJ0AAACcAAAAnwAAAJ4AAAChAAAAoAAAAKMAAACiAAAApQAAAKQAAACnAAAApgAAAKkAAACoAA
AAqwAAAKoAAACtAAAArAAAAK8AAACuAAAAsQAAALAAAACzAAAAsgAAALUAAAC0AAAAtwAAALYAAAC5AAAAuAAAALsAAAC6AAAAvQAAALwAAAC/AAAAvgAAAMEAAADAAAAA
wwAAAMIAAADFAAAAxAAAAMcAAADGAAAAyQAAAMgAAADC6AEAw6gBAM0AAADMAAAAzwAAAM4AAADRAAAA0AAAANMAAADSAAAA1QAAANQAAADXAAAA1gAAANkAAADYAAAA2w
AAANoAAADdAAAA3AAAAN8AAADeAAAA4QAAAOAAAADjAAAA4gAAAOUAAADkAAAA5wAAAO+sAQDpAAAA6AAAAOLYAQDj+AEA7QAAAOwAAADvAAAA7gAAAPEAAADwAAAA8wAA
APIAAAD1AAAA9AAAAPcAAAD2AAAA8AwBAPgAAAD7AAAA+gAAAP0AAAD8AAAA/wAAAP4AAAAAIAAxAEEATQBlzIEAZmkAa2cAw4UAw6kAzqkA44KUAA==
"""


def isolated(pattern):
    return pre_tokenizers.Split(Regex(pattern), behavior="isolated")


def byte_level(pre, ignore_merges=False, normalizer=None, size=420):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    last = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not pre)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(pre + [last]) if pre else last
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|endoftext|>"],
        show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def begin(tokenizer, token):
    return processors.TemplateProcessing(single=f"{token} $A", special_tokens=[(token, tokenizer.token_to_id(token))])


def sentence_piece(normalizer, pre, decoder, byte_fallback=True, fuse_unk=True, specials=("<unk>", "<s>", "</s>"), size=260):
    """A tokenizer with merges learned from words with ▁ before them, its ids in SentencePiece's order: specials, bytes, rest."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    learner.train_from_iterator(
        [text.replace("東", "").replace("ß", "") for text in CORPUS],
        trainers.BpeTrainer(vocab_size=size, show_progress=False, limit_alphabet=90))
    learnt = json.loads(learner.to_str())["model"]
    names = list(specials) + ([f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else [])
    names += [name for name in sorted(learnt["vocab"], key=learnt["vocab"].get)]
    vocabulary = {name: i for i, name in enumerate(names)}
    merges = [tuple(merge) for merge in learnt["merges"]]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=fuse_unk, byte_fallback=byte_fallback))
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in specials])
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoder
    tokenizer.post_processor = begin(tokenizer, specials[1])
    return tokenizer


def llama2(**more):
    return sentence_piece(
        normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None,
        decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]),
        **more)


def kinds():
    for name, pattern in PATTERNS.items():
        normalizer = normalizers.NFC() if name.startswith("qwen") else None
        yield name, byte_level([isolated(pattern)], name in ("llama3", "tekken"), normalizer)
    yield "deepseek", byte_level([isolated(pattern) for pattern in DEEPSEEK])
    behaviors = ["removed", "merged_with_previous", "merged_with_next", "contiguous"]
    patterns = [Regex(r"\x{7f}|\u007E"), Regex(r"[^\P{L}a-c]{2,4}|^x"), ",", Regex(r"\d")]
    yield "behaviors", byte_level([
        pre_tokenizers.Split(pattern, behavior=behavior, invert=behavior == "contiguous")
        for pattern, behavior in zip(patterns, behaviors)])
    neox = byte_level([], normalizer=normalizers.NFC())
    neox.add_tokens([AddedToken(" " * count, normalized=True) for count in range(2, 9)])
    yield "neox", neox
    words = byte_level([isolated(PATTERNS["llama3"])], normalizer=normalizers.NFD())
    words.add_special_tokens(["<|begin|>"])
    words.add_tokens([
        AddedToken("<w>", single_word=True), AddedToken("<l>", lstrip=True), AddedToken("<|user|>", rstrip=True, normalized=False),
        AddedToken("<|end|>", rstrip=True, lstrip=True, normalized=False), AddedToken("Norm", single_word=True)])
    words.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), begin(words, "<|begin|>")])
    yield "added", words

    yield "llama2", llama2()
    phi3 = llama2()
    phi3.add_special_tokens([AddedToken(name, rstrip=True, normalized=False) for name in ("<|user|>", "<|end|>")])
    phi3.add_tokens([AddedToken("Norm", normalized=True)])
    yield "phi3", phi3
    yield "llama2-unknown", llama2(byte_fallback=False)
    metaspace = lambda scheme, split: pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=split)
    joined = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    yield "metaspace-first", sentence_piece(
        None, metaspace("first", False), decoders.Sequence(joined + [decoders.Strip(" ", 1, 0)]))
    yield "metaspace-always", sentence_piece(
        None, metaspace("always", True), decoders.Metaspace(), byte_fallback=False, fuse_unk=False)
    gemma = sentence_piece(
        normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", behavior="merged_with_previous"), decoders.Sequence(joined),
        specials=("<pad>", "<bos>", "<eos>", "<unk>"))
    gemma.add_tokens([AddedToken("\n" * count, normalized=False) for count in range(1, 4)])
    gemma.add_tokens([AddedToken("▁" * count, normalized=False) for count in range(2, 4)])
    yield "gemma", gemma

    yield "bloom", byte_level([isolated(BLOOM)])
    yield "kimi", byte_level([isolated(KIMI)], ignore_merges=True)
    falcon = byte_level([])
    falcon.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False), pre_tokenizers.Digits(False),
        isolated("[0-9][0-9][0-9]")])
    yield "falcon", falcon
    roberta = byte_level([])
    roberta.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    roberta.add_special_tokens(["<s>", "</s>"])
    roberta.post_processor = processors.RobertaProcessing(
        ("</s>", roberta.token_to_id("</s>")), ("<s>", roberta.token_to_id("<s>")))
    yield "roberta", roberta
    yield "unknown-bytes", unknown_bytes()
    yield "words", words_alone()
    yield "steps", steps()
    yield from unigrams(metaspace)


def unknown_bytes():
    """Byte-level with letters that have no token, and one for those."""
    learnt = json.loads(byte_level([]).to_str())
    vocabulary = [name for name in learnt["model"]["vocab"] if not set(name) & set("zqĢ\u010a")] + ["<unk>"]
    learnt["model"] |= {
        "vocab": {name: i for i, name in enumerate(vocabulary)}, "unk_token": "<unk>", "fuse_unk": True, "dropout": 0.0,
        "continuing_subword_prefix": "", "end_of_word_suffix": "",
        "merges": [merge for merge in learnt["model"]["merges"] if set(merge) | {"".join(merge)} <= set(vocabulary)]}
    return Tokenizer.from_str(json.dumps(learnt))


def words_alone():
    """Words and numbers without the blanks between them, and no decoder."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Strip(), normalizers.Replace("``", '"'),
        normalizers.Replace(Regex(r"\p{Han}(?=\p{Han})"), "字 "), normalizers.Nmt()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True), pre_tokenizers.CharDelimiterSplit("_"),
        pre_tokenizers.Punctuation("merged_with_previous")])
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=250, special_tokens=["<unk>"], show_progress=False, limit_alphabet=120))
    return tokenizer


def steps():
    """Decoders and pre-tokenizers in unusual orders."""
    return sentence_piece(
        normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), "▂"), normalizers.Prepend("▁")]),
        pre_tokenizers.Sequence([
            pre_tokenizers.Split("ab", "removed"), pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace("▁", prepend_scheme="always", split=True)]),
        decoders.Sequence([
            decoders.Sequence([decoders.Strip("a", 1, 0), decoders.ByteFallback()]), decoders.Replace(Regex("[▁_]+"), " "),
            decoders.Fuse(), decoders.Replace("is", "IS"), decoders.Strip(" ", 2, 0)]))


def unigrams(metaspace):
    def unigram(name, normalizer, pre, decoder, byte_fallback, size=300, special=("<unk>", "<s>", "</s>")):
        learner = Tokenizer(models.Unigram())
        learner.pre_tokenizer = pre_tokenizers.Metaspace()
        learner.train_from_iterator(
            [text.replace("東", "").replace("ß", "") for text in CORPUS],
            trainers.UnigramTrainer(vocab_size=size, show_progress=False, unk_token="<unk>", special_tokens=list(special)))
        model = json.loads(learner.to_str())["model"]
        # Round scores, so that there are ties.
        vocabulary = [(piece, round(score, 1)) for piece, score in model["vocab"]]
        if byte_fallback:
            vocabulary[3:3] = [(f"<0x{byte:02X}>", 0.0) for byte in range(256)]
        tokenizer = Tokenizer(models.Unigram(vocabulary, special.index("<unk>"), byte_fallback))
        tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre, decoder
        tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")])
        return name, tokenizer

    plain = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    compiled = normalizers.Precompiled(base64.b64decode(CHARSMAP))
    yield unigram(
        "unigram", normalizers.Sequence([compiled, normalizers.Replace(Regex(" {2,}"), " ")]), metaspace("always", True),
        decoders.Metaspace(prepend_scheme="always"), False)
    yield unigram("unigram-bytes", normalizers.Replace(" ", "▁"), None, plain, True)
    yield unigram(
        "unigram-words", normalizers.NFKC(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace("first", True)]), None,
        False)


os.makedirs(here, exist_ok=True)
expected = {}
for name, tokenizer in kinds():
    tokenizer.save(os.path.join(here, f"{name}.json"), pretty=False)
    tokenizer = Tokenizer.from_file(os.path.join(here, f"{name}.json"))
    plain = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
    decoded = [tokenizer.decode(ids, skip_special_tokens=False) for ids in plain]
    expected[name] = {
        "ids": [tokenizer.encode(text).ids for text in TEXTS],
        "decoded": [None if got == text else got for got, text in zip(decoded, TEXTS)],
    }
    numbers = random.Random(name)
    lists = [[numbers.randrange(tokenizer.get_vocab_size()) for _ in range(numbers.randint(1, 9))] for _ in range(40)]
    expected[name]["random"] = [[ids, tokenizer.decode(ids, skip_special_tokens=False)] for ids in lists]
    print(name, tokenizer.get_vocab_size(), "ids,", sum(text is None for text in expected[name]["decoded"]), "texts come back")
with open(os.path.join(here, "expected.json"), "w") as file:
    json.dump({"texts": TEXTS, "kinds": expected}, file, separators=(",", ":"))

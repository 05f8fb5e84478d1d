"""Makes small tokenizers of the kinds in published models, and what the `tokenizers` library gives for mixed text.

usage: make_tokenizer_kinds.py        needs: tokenizers
Writes tokenizer/kinds/NAME.json, each a tokenizer.json, and tokenizer/kinds/expected.json beside this script:
{"texts": [text], "kinds": {NAME: {"ids": [[id]], "decoded": [text or null]}}}. The ids include special tokens around the
text; decoded is the text that the ids without these decode to (null if it is the original text).
"""

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
    print(name, tokenizer.get_vocab_size(), "ids,", sum(text is None for text in expected[name]["decoded"]), "texts come back")
with open(os.path.join(here, "expected.json"), "w") as file:
    json.dump({"texts": TEXTS, "kinds": expected}, file, separators=(",", ":"))

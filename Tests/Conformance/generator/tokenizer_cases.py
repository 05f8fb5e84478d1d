"""tokenizer.json beside the model."""

import copy

from .formats import compact
from .model import TOKENIZER, TOKENS

UNSEEN = {"memdiff": 0}
END = {"id": 0, "content": "<|end|>", "special": True}


def layout(tokenizer):
    is_made = isinstance(tokenizer, dict) and "make" in tokenizer
    content = tokenizer if isinstance(tokenizer, bytes) or is_made else compact(tokenizer).encode()
    return {"tokenizer.json": content, "model.safetensors": "model/model.safetensors", "config.json": "model/config.json"}


def changed(vocabulary={}, **fields):
    """The tokenizer with other fields; `model` has those of its model, and `vocabulary` changes ids."""
    result = copy.deepcopy(TOKENIZER)
    model = fields.pop("model", {})
    if isinstance(model, dict):
        result["model"].update(model)
        result["model"]["vocab"].update(vocabulary)
        for part in [result["model"], result["model"]["vocab"]]:
            for key in [key for key, value in part.items() if value is ...]:
                del part[key]
    else:
        result["model"] = model
    result.update(fields)
    return {key: value for key, value in result.items() if value is not ...}


def template(*pieces, **special):
    tokens = {name: {"id": name, "ids": ids, "tokens": [name]} for name, ids in special.items()}
    return {"type": "TemplateProcessing", "single": list(pieces), "pair": [], "special_tokens": tokens}


def piece(name):
    return {"SpecialToken": {"id": name, "type_id": 0}}


TEXT = {"Sequence": {"id": "A", "type_id": 0}}


def models(reject):
    text = compact(TOKENIZER)
    for name, content, error, why in [
        ("empty", b"", "json", "no bytes"), ("array", b"[]", "tokenizer", "not an object"),
        ("cut", text[: len(text) // 2].encode(), "json", "cut in the middle"),
        ("twice-token", text.replace('"a":1', '"a":1,"a":3').encode(), "json", "a token with two ids"),
        ("twice-token-escaped", text.replace('"a":1', '"a":1,"\\u0061":3').encode(), "json", "the same, escaped once"),
        ("lone-surrogate", text.replace('"d"', '"\\udc00"').encode(), "json", "half of an escaped pair"),
    ]:
        reject("text-" + name, content, error, why)
    for name, model in [("missing", ...), ("null", None), ("array", []), ("string", "BPE")]:
        reject("model-" + name, changed(model=model), "tokenizer", "no model")
    for name, model in [
        ("type-other", {"type": "WordPiece"}), ("type-number", {"type": 1}),
        ("dropout", {"dropout": 0.1}), ("prefix", {"continuing_subword_prefix": "##"}),
        ("prefix-long", {"continuing_subword_prefix": "#" * 1000}), ("suffix", {"end_of_word_suffix": "</w>"}),
    ]:
        reject("model-" + name, changed(model=model), "unsupported", "another kind of model than BPE")
    reject("model-type-unigram", changed(model={"type": "Unigram"}), "tokenizer", "a Unigram model with BPE's vocabulary")
    reject("model-byte-fallback", changed(pre_tokenizer=None, decoder=None, model={"byte_fallback": 1}), "tokenizer",
           "not true or false")
    reject("model-unknown", changed(pre_tokenizer=None, decoder=None, model={"unk_token": "<unk>"}), "tokenizer",
           "a token for unknown characters that is none")
    reject("model-ignore-merges", changed(model={"ignore_merges": "no"}), "tokenizer", "not true or false")
    for name, vocabulary in [("missing", ...), ("empty", {}), ("array", TOKENS), ("null", None)]:
        tokenizer = changed()
        tokenizer["model"]["vocab"] = vocabulary
        if vocabulary is ...:
            del tokenizer["model"]["vocab"]
        reject("vocabulary-" + name, tokenizer, "tokenizer", "no vocabulary")


def identifiers(reject):
    for name, value in [
        ("twice", 1), ("negative", -1), ("fraction", 1.5), ("string", "4"), ("null", None), ("2-24", 1 << 24),
        ("2-31", 1 << 31), ("2-63", 1 << 63), ("beyond-model", 12),
    ]:
        reject("id-" + name, changed({"d": value}), "tokenizer", f"a token with the id {value!r}")
    reject("id-minus-zero", compact(TOKENIZER).replace('"<|end|>":0', '"<|end|>":-0').encode(), "tokenizer", "-0")
    for name, added in [
        ("number", 5), ("object", {"id": 0}), ("of-strings", ["<|end|>"]), ("without-id", [{"content": "x"}]),
        ("without-content", [{"id": 0}]), 
        ("negative", [{"id": -1, "content": "x"}]), ("2-63", [{"id": 1 << 63, "content": "x"}]),
        ("flag-string", [END | {"special": "yes"}]),
        ("id-of-another", [END | {"id": 1}]), ("content-of-another", [END, {"id": 1, "content": "<x>"}]),
        ("id-twice", [END, {"id": 0, "content": "<x>"}]),
    ]:
        reject("added-" + name, changed(added_tokens=added), "tokenizer", f"added tokens {compact(added)}")


def merges(reject):
    for name, value in [
        ("missing", ...), ("object", {"a": "b"}), ("null", None), ("number", [1]), ("one-part", ["ab"]), ("empty", [""]),
        ("three-parts", ["a b c"]), ("no-left", [" b"]), ("unknown-part", ["a z"]), ("unknown-result", ["a c"]),
        ("longer-than-tokens", ["a" * 1000 + " b"]), ("array-of-one", [["ab"]]), ("array-of-three", [["a", "b", ""]]),
        ("array-of-numbers", [[1, 2]]), ("array-nested", [[["a"], "b"]]), ("decomposed", ["e \u0301"]),
    ]:
        reject("merges-" + name, changed(model={"merges": value}), "tokenizer", f"merges {value!r:.40}")


def surroundings(reject):
    deep = {"type": "ByteLevel"}
    for _ in range(60):
        deep = {"type": "Sequence", "pretokenizers": [deep]}
    much = copy.deepcopy(deep)
    for _ in range(60):
        much = {"type": "Sequence", "pretokenizers": [much]}
    def split(pattern, behavior="Isolated"):
        return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": False}

    for name, value, error in [
        ("number", 1, "unsupported"),
        ("unknown", {"type": "UnicodeScripts"}, "unsupported"), ("regex", split({"Regex": "(?:(?:a{100}b){100}){100}"}), "unsupported"),
        ("sequence-of-unknown", {"type": "Sequence", "pretokenizers": [deep, {"type": "UnicodeScripts"}]}, "unsupported"),
        ("metaspace-without-replacement", {"type": "Metaspace"}, "tokenizer"),
        ("metaspace-scheme", {"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"}, "unsupported"),
        ("split-without-pattern", split(None), "tokenizer"), ("split-pattern-array", split(["a"]), "tokenizer"),
        ("split-behavior", split({"String": "a"}, "Dropped"), "unsupported"),
        ("split-lookbehind", split({"Regex": "(?<=a+)b"}), "unsupported"), ("split-reference", split({"Regex": "(a)\\1"}), "unsupported"),
        ("split-script", split({"Regex": "\\p{Klingon}+"}), "unsupported"), ("split-cut", split({"Regex": "[a"}), "unsupported"),
        ("split-deep", split({"Regex": "(" * 100_000}), "unsupported"),
        ("sequence-of-nothing", {"type": "Sequence"}, "tokenizer"),
        ("sequence-of-object", {"type": "Sequence", "pretokenizers": {}}, "tokenizer"),
        ("flag-string", {"type": "ByteLevel", "add_prefix_space": "yes"}, "tokenizer"), ("deep", much, "json"),
    ]:
        reject("pre-" + name, changed(pre_tokenizer=value), error, "a pre-tokenizer that is not understood")
    for name, value, error in [
        ("unknown", {"type": "BertNormalizer"}, "unsupported"), ("number", 5, "unsupported"),
        ("prepend-without-text", {"type": "Prepend"}, "tokenizer"),
        ("replace-without-content", {"type": "Replace", "pattern": {"String": " "}}, "tokenizer"),
        ("sequence-of-unknown", {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Unknown"}]}, "unsupported"),
    ]:
        reject("normalizer-" + name, changed(normalizer=value), error, "a normalizer that is not understood")
    reject("decoder", changed(decoder={"type": "WordPiece"}), "unsupported", "a decoder of words")
    for name, value, error in [
        ("number", 1, "unsupported"), ("unknown", {"type": "Unknown"}, "unsupported"), ("token-unknown", {"type": "BertProcessing", "sep": ["x", 12], "cls": ["a", 1]}, "tokenizer"),
        ("sequence-of-nothing", {"type": "Sequence"}, "tokenizer"), ("template-empty", {"type": "TemplateProcessing"}, "tokenizer"),
        ("template-unknown", template(piece("x"), TEXT), "tokenizer"),
        ("template-of-strings", template("x", TEXT), "tokenizer"),
        ("template-beyond-model", template(piece("x"), TEXT, x=[12]), "tokenizer"),
        ("template-huge", template(piece("x"), TEXT, x=[1 << 40]), "tokenizer"),
        ("template-negative", template(TEXT, piece("x"), x=[-1]), "tokenizer"),
        ("template-fraction", template(TEXT, piece("x"), x=[1.5]), "tokenizer"),
    ]:
        reject("post-" + name, changed(post_processor=value), error, "a post-processor that is not understood")


def add(corpus):
    def reject(name, tokenizer, error, why):
        corpus.reject("tokenizer", name, layout(tokenizer), error, why, exits=UNSEEN)

    for part in [models, identifiers, merges, surroundings]:
        part(reject)
    files = layout(TOKENIZER)
    del files["tokenizer.json"]
    corpus.reject("tokenizer", "absent", files, "tokenizer", "no tokenizer beside the model or in it", exits=UNSEEN, opened=".")
    letters = {token: ... for token in TOKENS[1:]} | {"z": 1}
    reject("no-token-for-prompt", changed(letters, model={"merges": []}), "prompt", "the prompt has no token: none of its bytes")
    reject("large-sparse", {"make": [{"sparse": 100_000_000}]}, "json", "100 MB of zeros")
    reject("large-string", {"make": [{"text": '{"model":"'}, {"repeat": "a" * 1000, "count": 30_000}, {"text": '"}'}]},
           "tokenizer", "a string of 30 MB in place of the model")
    tokens = [{"text": '{"model":{"vocab":{'}, {"repeat": '"{i}":{i},'.replace(":{i}", ":1{i}"), "count": 50_000},
              {"text": '"a":10000000}}}'}]
    reject("large-vocabulary", {"make": tokens}, "tokenizer", "50,000 tokens, two of them with one id")
    accepted(corpus)


def accepted(corpus):
    def accept(name, tokenizer, why, **means):
        corpus.accept("tokenizer", name, layout(tokenizer), why, {"ids": [6], "output": "same"} | means)

    pairs = [["a", "b"], ["c", "d"], ["\u0120", "a"], ["\u0120", "ab"]]
    accept("merges-as-pairs", changed(model={"merges": pairs}), "the later spelling of merges")
    accept("merges-twice", changed(model={"merges": ["a b"] + TOKENIZER["model"]["merges"]}), "the later one counts")
    accept("merges-none", changed(model={"merges": []}), "a vocabulary of bytes", ids=[1, 2], output="any")
    accept("ids-sparse", changed({"d": ..., "\u00e9": ..., "cd": ...}, model={"merges": ["a b"]}), "ids that no token has")
    accept("tokens-equivalent", changed({"e\u0301": 9, "\u0120ab": ...}, model={"merges": ["a b"]}),
           "one composed, one decomposed: two tokens")
    accept("nested", changed(pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Sequence", "pretokenizers": [{"type": "Digits"}, TOKENIZER["pre_tokenizer"]]}]}), "sequences of sequences")
    accept("digits", changed(pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Digits", "individual_digits": True}, TOKENIZER["pre_tokenizer"]]}), "the prompt has no digits")
    accept("template", changed(post_processor=template(piece("x"), TEXT, x=[3])), "a token before the text", ids=[3, 6],
           output="any")
    accept("split", changed(pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "c|\\s+(?!\\S)"}, "behavior": "MergedWithNext", "invert": False},
        TOKENIZER["pre_tokenizer"]]}), "the prompt has no c")
    accept("pre-lookbehind", changed(pre_tokenizer={"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": "(?<=c)\\p{Han}+?|(?:cd)+"}, "behavior": "Isolated", "invert": False},
        TOKENIZER["pre_tokenizer"], {"type": "Digits"}]}), "no such match in the prompt; a step behind bytes")
    for name, value in [("missing", ...), ("null", None)]:
        accept("pre-" + name, changed(pre_tokenizer=value), "the whole prompt is one word")
    accept("model-neutral", changed(model={"dropout": 0.0, "continuing_subword_prefix": "", "end_of_word_suffix": ""}),
           "options that ask for nothing")
    accept("normalizer", changed(normalizer={"type": "Sequence", "normalizers": [
        {"type": "NFC"}, {"type": "Replace", "pattern": {"String": "xyz"}, "content": "a"}]}), "nothing to be changed")
    accept("byte-fallback", changed(model={"byte_fallback": True, "fuse_unk": True}), "every byte of the prompt has a token")
    accept("added-beyond-model", changed(added_tokens=[END, {"id": 12, "content": "<x>"}]),
           "an added token for another model, which does not stand in the prompt")
    accept("unknown-keys", changed(note={"x": [1]}, truncation=None), "other keys are not read")
    accept("ignore-merges", changed(model={"ignore_merges": True}), "whole words first")
    accept("added-in-text", changed(added_tokens=[END, {"id": 1, "content": "a"}]), "cut out before merging", ids=[1, 2],
           output="any")
    accept("added-empty", changed(added_tokens=[END, {"id": 1, "content": ""}]), "an added token of no text is passed over")
    accept("white-space", compact(TOKENIZER).replace(",", "\r\n\t, ").encode(), "CRLF and tabs")

"""Specs of memories, given to `rewrite --spec` and, for their prompts, to `memdiff --behavior`."""

from .formats import compact
from .model import SPEC

FACT = SPEC["memories"][0]
OPEN = {key: FACT[key] for key in ["name", "prompt", "target"]}
# memdiff --behavior runs the prompts of a spec and does not check the rest against a model.
UNSEEN = {"memdiff": 0}


def one(**fields):
    return spec(FACT | fields)


def spec(*memories, **top):
    return compact({"memories": [{k: v for k, v in m.items() if v is not ...} for m in memories]} | top).encode()


def texts(reject):
    whole = spec(FACT)
    for name, content, error, why in [
        ("empty", b"", "json", "no bytes"), ("array", b"[]", "spec", "not an object"), ("null", b"null", "spec", "not an object"),
        ("cut", whole[:-2], "json", "cut short"), ("no-memories", b"{}", "spec", "nothing asked"),
        ("memories-empty", b'{"memories":[]}', "spec", "nothing asked"),
        ("memories-object", b'{"memories":{}}', "spec", "not an array"),
        ("memory-string", b'{"memories":["fact"]}', "spec", "not an object"),
        ("unknown-key", spec(FACT, version=1), "spec", "a key that specs do not have"),
        ("defaults-array", spec(FACT, defaults=[]), "spec", "not an object"),
        ("defaults-name", spec(FACT, defaults={"name": "x"}), "spec", "a name is no default"),
        ("defaults-unused", spec(FACT, defaults={"layer": -1}), "spec", "wrong though no memory uses it"),
        ("twice-key", whole.replace(b'"alpha":1', b'"alpha":1,"alpha":2'), "json", "two steps"),
        ("byte-order-mark", b"\xef\xbb\xbf" + whole, "json", "a mark before the brace"),
        ("utf-16", whole.decode().encode("utf-16"), "json", "UTF-16"),
        ("not-utf-8", whole.replace(b'"c"', b'"\xff"'), "json", "a byte that UTF-8 does not have"),
        ("deep", b'{"memories":' + b"[" * 900 + b"]" * 900 + b"}", "json", "nested 900 deep"),
        ("nan", whole.replace(b'"alpha":1', b'"alpha":NaN'), "json", "NaN"),
    ]:
        reject("text-" + name, content, error, why)


def fields(reject):
    for key in ["name", "prompt", "target"]:
        for name, value in [("missing", ...), ("empty", ""), ("number", 1), ("null", None), ("array", ["ab"])]:
            reject(f"{key}-{name}", one(**{key: value}), "spec", f"a {key} of {value!r}")
    for name, value in [("line", "a\nb"), ("escape", "\x1b[31m"), ("separator", "a\u2028b"), ("nul", "\0"), ("long", "x" * 201)]:
        reject("name-" + name, one(name=value), "spec", "a name that does not fit one line of a table")
    for key, values in [
        ("method", ["sead", 1, None, ""]), ("site", ["mpl", 1, None]), ("layer", [-1, 1.5, "0", 1 << 63, None, []]),
        ("alpha", [0, -1, "1", 1e60, 1e-60, None]), ("boundary", [0, -1, "1", 1e20, 1e-20, None]),
        ("hardness", [0, -3, 1e60, "3", None]), ("target_tokens", ["none", 1]), ("token", ["first", 1.5, 1 << 63, None, [0]]),
        ("positives", ["ab", {}, [""], [1], None]), ("negatives", ["ab", [""], [None]]), ("prefixes", ["x", [""], 1]),
        ("held_out", [[], {"positive": []}, {"positives": "ab"}, {"negatives": [""]}]), ("subject", ["", 1, None]),
    ]:
        for number, value in enumerate(values):
            reject(f"{key}-wrong-{number}", one(**{key: value}), "spec", f"{key} {value!r}")
    for name, content, why in [
        ("unknown-key", one(bondary=1), "a misspelled key"), ("subject-elsewhere", one(subject="d"), "no part of the prompt"),
        ("subject-decomposed", one(prompt="\u00e9", subject="e\u0301"), "no part of the prompt, byte by byte"),
        ("subject-none", one(token="subject"), "a token of a subject that is not named"),
        ("prompt-in-both", one(positives=["a"], negatives=["a"]), "with the target and without it"),
        ("prompt-negative", one(negatives=["ab"]), "the prompt itself without its target"),
        ("prompt-held-out", one(positives=["a"], held_out={"positives": ["a"]}), "fitted and held out"),
        ("name-twice", spec(FACT, FACT | {"prompt": "a"}), "two memories of a name"),
        ("targets-differ", spec(FACT, FACT | {"name": "other", "target": "d"}), "two targets of a prompt"),
    ]:
        reject(name, content, "spec", why)


def lines(reject):
    memory = compact(FACT)
    for name, content, error, why in [
        ("broken", memory + "\n{]}\n", "json", "the second line is no JSON"),
        ("twice", memory + "\n" + memory + "\n", "spec", "two memories of a name"),
        ("array", memory + "\n[]\n", "json", "the second line is no object: not lines, and not one value"),
    ]:
        reject("lines-" + name, content.encode(), error, why)
    record = {"case_id": 1, "subject": "a", "prompt": "{}b", "target_new": "c", "target_true": "d"}
    for name, change in [
        ("no-target", {"target_new": ...}), ("id-string", {"case_id": "1"}), ("no-subject", {"subject": ""}),
        ("no-gap", {"prompt": "cd"}), ("paraphrases", {"paraphrase_prompts": "ab"}),
    ]:
        broken = {key: value for key, value in (record | change).items() if value is not ...}
        reject("records-" + name, compact([record, broken]).encode(), "spec", f"a record with {change!r}")


def tables(corpus):
    rows = b"prompt,target\nab,c\n"
    for name, content, why in [
        ("empty", b"", "no bytes"), ("header-alone", b"prompt,target\n", "no rows"), ("blank", b"\n\n \n", "no header"),
        ("column-unknown", b"prompt,target,subjct\nab,c,a\n", "a misspelled column"),
        ("column-twice", b"prompt,prompt,target\nab,a,c\n", "two prompts"),
        ("column-missing", b"prompt,subject\nab,a\n", "no target"),
        ("row-short", rows + b"ab\n", "a row of one field"), ("row-long", rows + b"a,b,c\n", "a row of three fields"),
        ("target-empty", rows + b"a,\n", "an empty target"), ("prompt-empty", rows + b",c\n", "an empty prompt"),
        ("quote-open", rows + b'"a,c\n', "a quote that does not end"),
        ("quote-behind", rows + b'"a"b,c\n', "text behind a quote"),
        ("not-utf-8", rows + b"\xff,c\n", "a byte that UTF-8 does not have"),
        ("template-alone", b"template,target\na {} b,c\n", "no subject"),
        ("template-plain", b"template,subject,target\na b,a,c\n", "no place for the subject"),
        ("two-answers", rows + b"ab,d\n", "one prompt with two targets"),
        ("name-line", b'name,prompt,target\n"a\nb",ab,c\n', "a name of two lines"),
    ]:
        corpus.reject("spec", "table-" + name, {"facts.csv": content}, "spec", why)


def add(corpus):
    tables(corpus)
    def reject(name, content, error, why, exits={}):
        corpus.reject("spec", name, {"spec.json": content}, error, why, exits)

    for part in [texts, fields, lines]:
        part(reject)
    for name, content, error, why in [
        ("layer-of-no-model", one(layer=1), "spec", "the model has one layer"),
        ("layer-huge", one(layer=(1 << 63) - 1), "spec", "the model has one layer"),
        ("token-beyond", spec(OPEN | {"token": 1}), "spec", "the prompt has one token"),
        ("token-before", spec(OPEN | {"token": -2}), "spec", "the prompt has one token"),
        ("token-least", spec(OPEN | {"token": -(1 << 63)}), "spec", "the least integer, whose negative is none"),
        ("token-pinned", one(prompt="ab c", token=0), "spec", "a pinned place takes the last token"),
        ("target-of-no-token", one(target="Z"), "spec", "no token has its bytes"),
    ]:
        reject(name, content, error, why, UNSEEN)
    reject("prompt-of-no-token", one(prompt="Z"), "prompt", "no token has its bytes")
    reject("prompt-too-long", one(prompt="a b " * 40), "prompt", "more tokens than the model has positions")
    reject("prompt-fills", one(prompt=" a" * 32), "prompt", "no position is left for the target", UNSEEN)
    corpus.reject("spec", "line-number", {"facts.jsonl": (compact(FACT) + "\n\n" + compact(FACT | {"layer": -1})).encode()},
                  "spec", "JSON lines: the third is wrong")
    memory = compact(FACT | {"name": "{i}"})
    parts = [{"repeat": memory + "\n", "count": 10_000}, {"text": compact(FACT | {"name": "0000007"}) + "\n"}]
    corpus.reject("spec", "large-lines", {"facts.jsonl": {"make": parts}}, "spec", "10,000 memories, the last named as the eighth")
    parts = [{"text": '{"memories":['}, {"repeat": memory + ",", "count": 10_000}, {"text": memory + "]"}]
    reject("large-cut", {"make": parts}, "json", "10,000 memories, the last bracket missing")
    accepted(corpus)


def accepted(corpus):
    def accept(name, content, why, memories=["fact"]):
        corpus.accept("spec", name, {"spec.json": content}, why, {"memories": memories})

    accept("plain", spec(FACT), "as the README has it")
    accept("defaults", spec({k: v for k, v in FACT.items() if k not in ["alpha", "site"]}, defaults={"alpha": 1, "site": "mlp"}),
           "what all memories share")
    names = ["../../etc/passwd", "\u00e9", "e\u0301", "-o", "x" * 200]
    accept("names-odd", spec(*[FACT | {"name": name, "prompt": "ab" * (i + 1)} for i, name in enumerate(names)]),
           "names are compared by bytes and are no paths", names)
    accept("alpha-huge", one(alpha=3e38), "a step beyond all activations")
    accept("alpha-least", one(alpha=1e-45), "a step that vanishes")
    accept("prompt-twice", spec(FACT, FACT | {"name": "again"}), "two memories of a prompt and a target", ["fact", "again"])
    accept("positive-is-prompt", one(positives=["ab", "ab"]), "the prompt counts once")
    accept("numbers-spelled", spec(FACT).replace(b'"alpha":1', b'"alpha":1e-0').replace(b'"hardness":3', b'"hardness":3.0'),
           "a number in other spellings")
    corpus.accept("spec", "lines", {"facts.jsonl": (compact(FACT) + "\r\n \r\n" + compact(FACT | {"name": "b"})).encode()},
                  "JSON lines with CRLF and a blank one", {"memories": ["fact", "b"]})
    accept("lines-by-content", (compact(FACT) + "\n" + compact(FACT | {"name": "b"})).encode(),
           "JSON lines under another name", ["fact", "b"])

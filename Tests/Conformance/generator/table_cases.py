"""Memory tables and their manifest, as specs/FORMAT.md states them, in files of the model."""

import copy
import hashlib

from .formats import bfloats, compact, data_of, entry, floats, framed, header_of, halves, safetensors
from .model import (
    ATTENTION, CONFIG, FEED_FORWARD, GPT2_CONFIG, GPT2_SHAPES, SPEC, TOKENIZER, bytes_tensor, embedded, numbers, tensors,
)

# memdiff does not check whether memories fit a model.
UNSEEN = {"memdiff": 0}
# One row at each module: keys, deltas, bounds.
KEYS = {ATTENTION: [numbers(4, 1)], FEED_FORWARD: [numbers(6, 2)]}
DELTAS = {ATTENTION: [numbers(4, 3)], FEED_FORWARD: [numbers(6, 4)]}
BOUNDS = [[0.25, 3.0]]
FILE = "case.safetensors"
BESIDE = {"config.json": "model/config.json", "tokenizer.json": "model/tokenizer.json"}


def flat(rows):
    return [value for row in rows for value in row]


def table(module=ATTENTION, keys=None, deltas=None, bounds=None):
    keys = KEYS[module] if keys is None else keys
    deltas = DELTAS[module] if deltas is None else deltas
    bounds = BOUNDS if bounds is None else bounds
    return [
        (f"{module}.memory.{part}", "F32", [len(rows), len(rows[0])], floats(flat(rows)))
        for part, rows in [("keys", keys), ("deltas", deltas), ("bounds", bounds)]
    ]


def row(module=ATTENTION, index=0, **fields):
    return {"module": module, "row": index, "position": 0, "target_id": 3, "alpha": 1.0, "boundary": 0.25, "hardness": 3} | fields


def memory(rows, **fields):
    """An entry of the manifest; a field that is `...` is left out."""
    site, layer = ("attn" if rows and rows[0] and rows[0].get("module") == ATTENTION else "mlp"), 0
    whole = {
        "name": "fact", "prompt": "ab", "target": "c", "target_ids": [3], "method": "seed", "site": site, "layer": layer,
        "token": "last", "alpha": 1.0, "rows": rows, "entry": SPEC["memories"][0], "scores": {},
    } | fields
    return {key: value for key, value in whole.items() if value is not ...}


def manifest(*memories, **top):
    whole = {"version": 1, "tool": "corpus", "memories": list(memories)} | top
    return compact({key: value for key, value in whole.items() if value is not ...}).encode()


def patched(tables, told=None, metadata={}, more=None, base=None):
    """A patched file: tables, a manifest's bytes (None for none), metadata (`...` leaves an entry out), `more` tensors."""
    entries = {"format": "pt", "memory.version": "1"}
    list_ = (tensors() if base is None else base) + tables
    if told is not None:
        list_ = list_ + [bytes_tensor("memory.manifest", told)]
        entries["memory.manifest"] = hashlib.sha256(told).hexdigest()
    entries = {key: value for key, value in (entries | metadata).items() if value is not ...}
    return safetensors(list_ + (more or []), entries)


USUAL = manifest(memory([row()]))


def values(reject):
    infinity, nan = float("inf"), float("nan")
    for name, changes, why in [
        ("key-nan", {"keys": [[nan, 0, 0, 1]]}, "NaN in a key"), ("key-infinite", {"keys": [[1, -infinity, 0, 1]]}, "infinity"),
        ("delta-nan", {"deltas": [[1, 0, nan, 1]]}, "NaN in a delta"),
        ("delta-infinite", {"deltas": [[1, infinity, 0, 1]]}, "infinity in a delta"),
        ("key-zero", {"keys": [[0.0] * 4]}, "a key of no length"), ("key-minus-zero", {"keys": [[-0.0] * 4]}, "the same"),
        ("key-subnormal", {"keys": [[1e-40, 0, 0, 0]]}, "its square is 0 in F32"),
        ("key-square-subnormal", {"keys": [[1e-20, 0, 0, 0]]}, "its square is subnormal"),
        ("key-square-infinite", {"keys": [[1e20, 0, 0, 0]]}, "its square is infinite in F32"),
        ("key-sum-infinite", {"keys": [[1.5e19] * 4]}, "each square is finite, their sum is not"),
        ("boundary-0", {"bounds": [[0, 3]]}, "a boundary of 0"), ("boundary-negative", {"bounds": [[-0.25, 3]]}, "below 0"),
        ("boundary-nan", {"bounds": [[nan, 3]]}, "NaN"), ("boundary-infinite", {"bounds": [[infinity, 3]]}, "infinity"),
        ("boundary-square-0", {"bounds": [[1e-30, 3]]}, "its square is 0 in F32"),
        ("boundary-square-infinite", {"bounds": [[1e20, 3]]}, "its square is infinite in F32"),
        ("hardness-0", {"bounds": [[0.25, 0]]}, "a hardness of 0"), ("hardness-negative", {"bounds": [[0.25, -3]]}, "below 0"),
        ("hardness-nan", {"bounds": [[0.25, nan]]}, "NaN"), ("hardness-infinite", {"bounds": [[0.25, infinity]]}, "infinity"),
    ]:
        reject("value-" + name, patched(table(**changes), USUAL), "memoryTable", why)
    two = {"keys": KEYS[ATTENTION] * 2, "deltas": DELTAS[ATTENTION] * 2, "bounds": BOUNDS + [[0.25, nan]]}
    reject("value-second-row", patched(table(**two), manifest(memory([row(), row(index=1)]))), "memoryTable", "row 0 is right")


def shapes(reject):
    key, delta = KEYS[ATTENTION][0], DELTAS[ATTENTION][0]
    for name, changes, why in [
        ("deltas-fewer", {"keys": [key, key], "bounds": BOUNDS * 2}, "two keys, one delta"),
        ("bounds-fewer", {"keys": [key, key], "deltas": [delta, delta]}, "two keys, one pair of bounds"),
        ("bounds-more", {"bounds": BOUNDS * 2}, "one key, two pairs of bounds"),
        ("widths-differ", {"deltas": [delta[:3]]}, "keys of 4, deltas of 3"),
        ("bounds-of-three", {"bounds": [[0.25, 3, 1]]}, "three numbers a row"),
        ("bounds-of-one", {"bounds": [[0.25]]}, "one number a row"),
        ("transposed", {"keys": [[1.0]] * 4, "deltas": [[1.0]] * 4}, "[D, N]"),
    ]:
        reject("shape-" + name, patched(table(**changes), USUAL), "memoryTable", why)
    for part, index in [("keys", 0), ("deltas", 1), ("bounds", 2)]:
        tables = table()
        name, _, shape, data = tables[index]
        rest = tables[:index] + tables[index + 1 :]
        reject(f"{part}-absent", patched(rest, USUAL), "memoryTable", f"a table without {part}")
        count = shape[0] * shape[1]
        numbers_ = BOUNDS[0] if part == "bounds" else [1.0] * count
        for what, dtype, form, content in [
            ("bf16", "BF16", shape, bfloats(numbers_)), ("f16", "F16", shape, halves(numbers_)),
            ("f64", "F64", shape, bytes(8 * count)), ("u8", "U8", [1, 4 * count], data), ("i32", "I32", shape, data),
            ("rank-1", "F32", [count], data), ("rank-3", "F32", [1] + shape, data),
        ][:: 1 if part == "keys" else 4]:
            reject(f"{part}-{what}", patched(rest + [(name, dtype, form, content)], USUAL), "memoryTable",
                   f"{part} of {dtype} {form}")
    wide = table(keys=[key + [1]], deltas=[delta + [1]])
    reject("width-other", patched(wide, USUAL), "memoryTable", "5 numbers for 4 inputs", UNSEEN)
    square = table(FEED_FORWARD, keys=[key], deltas=[delta])
    reject("width-of-outputs", patched(square, manifest(memory([row(FEED_FORWARD)]))), "memoryTable",
           "as wide as the module's output, not its input", UNSEEN)
    reject("no-width", patched([(n, d, [1, 0] if s[1] == 4 else s, b"" if s[1] == 4 else b) for n, d, s, b in table()], USUAL),
           "memoryTable", "keys of no numbers")


def modules(reject):
    for name, module in [
        ("unknown", "model.layers.0.mlp.dawn_proj"), ("layer-beyond", "model.layers.1.self_attn.o_proj"), ("empty", ""),
        ("prefix", "o_proj"), ("with-weight", ATTENTION + ".weight"), ("nul", ATTENTION + "\0"),
        ("other-projection", "model.layers.0.self_attn.q_proj"), ("embedding", "model.embed_tokens"), ("norm", "model.norm"),
    ]:
        tables = [(n.replace(ATTENTION, module, 1), *rest) for n, *rest in table()]
        reject("module-" + name, patched(tables, manifest(memory([row(module)]))), "memoryTable",
               f"memories at {module!r}, which is no site of the model", UNSEEN)
    header = compact(header_of(tensors() + table(), {"memory.version": "1"}))
    data = data_of(tensors() + table())
    twice = compact({table()[0][0]: entry("F32", [0, 4], 0, 0)})[1:-1]
    reject("table-twice", framed(header[:-1] + "," + twice + "}", data), "duplicateName", "keys that stand twice")


def manifests(reject):
    tables = table()
    for name, fields in [
        ("name", ["name", "prompt", "target", "method", "site", "token"]), ("layer", ["layer"]), ("rows", ["rows"]),
        ("target-ids", ["target_ids"]),
    ]:
        for field in fields:
            for what, value in [("missing", ...), ("wrong", {"x": 1})]:
                told = manifest({k: v for k, v in (memory([row()]) | {field: value}).items() if v is not ...})
                reject(f"manifest-{field}-{what}", patched(tables, told), "manifest", f"{field} is {what}")
    for field in ["module", "row", "position", "target_id", "alpha"]:
        for what, value in [("missing", ...), ("wrong", "x"), ("fraction", 0.5), ("huge", 1 << 63)]:
            if (field, what) in [("alpha", "fraction"), ("alpha", "huge")]:
                continue
            own = {key: v for key, v in (row() | {field: value}).items() if v is not ...}
            reject(f"row-{field}-{what}", patched(tables, manifest(memory([own]))), "manifest", f"{field} is {what}")
    usual = memory([row()])
    for name, told, why in [
        ("not-json", b"{", "cut short"), ("empty", b"", "no bytes"), ("array", b"[]", "not an object"),
        ("version-missing", manifest(usual, version=...), "no version"), ("version-2", manifest(usual, version=2), "a later one"),
        ("version-string", manifest(usual, version="1"), "a version that is no number"),
        ("memories-missing", manifest(memories=...), "no memories"), ("memories-object", manifest(memories={}), "no list"),
        ("memory-null", manifest(None), "not an object"), ("row-null", manifest(memory([None])), "not an object"),
        ("twice-key", USUAL.replace(b'"version":1', b'"version":1,"version":1'), "two versions"),
        ("twice-name", manifest(memory([row()]), memory([])), "two memories of a name"),
        ("row-beyond", manifest(memory([row(index=1)])), "a row that the table has not"),
        ("row-negative", manifest(memory([row(index=-1)])), "a row before the first"),
        ("row-of-no-table", manifest(memory([row(), row(FEED_FORWARD)])), "a module that has no table"),
        ("row-twice", manifest(memory([row(), row()])), "a row twice in a memory"),
        ("row-of-two", manifest(memory([row()]), memory([row()], name="other")), "a row of two memories"),
        ("row-of-none", manifest(memory([])), "a row of no memory"), ("row-alpha-1e60", manifest(memory([row(alpha=1e60)])), "F32"),
        ("target-ids-strings", manifest(memory([row()], target_ids=["3"])), "ids that are no numbers"),
        ("not-utf-8", USUAL.replace(b'"fact"', b'"\xff"'), "a byte that UTF-8 does not have"),
        ("deep", USUAL.replace(b'"scores":{}', b'"scores":' + b"[" * 300 + b"]" * 300), "nested 300 deep"),
    ]:
        error = "json" if name in ["not-json", "empty", "twice-key", "not-utf-8", "deep"] else "manifest"
        reject("manifest-" + name, patched(tables, told), error, why)


def metadata(reject):
    tables = table()
    digest = hashlib.sha256(USUAL).hexdigest()
    for name, value in [("missing", ...), ("of-another", "0" * 64), ("upper-case", digest.upper()), ("empty", ""), ("cut", digest[:63])]:
        reject("hash-" + name, patched(tables, USUAL, {"memory.manifest": value}), "manifest", "not the manifest's hash")
    reject("hash-alone", patched(tables, None, {"memory.manifest": digest}), "manifest", "a hash of a manifest that is gone")
    reject("manifest-changed", patched(tables, USUAL).replace(b'"target":"c"', b'"target":"d"', 1), "manifest", "a byte was changed")
    for version in ["3", "0", "1.0", "2.0", "", " 1"]:
        reject(f"version-{version.replace(' ', 'space') or 'empty'}", patched(tables, USUAL, {"memory.version": version}),
               "memoryTable", f"version {version!r}")
    for dtype, shape, count in [("I8", [len(USUAL)], 1), ("U8", [1, len(USUAL)], 1), ("U8", [len(USUAL), 1], 1)]:
        told = ("memory.manifest", dtype, shape, USUAL)
        reject(f"manifest-{dtype.lower()}-rank-{len(shape)}-{shape[0]}", patched(tables + [told], None, {"memory.manifest": digest}),
               "manifest", f"a manifest of {dtype} {shape}")
    config, tokenizer = compact(CONFIG).encode(), compact(TOKENIZER).encode()
    for name, more, error in [
        ("dtype", [("embedded.config.json", "I8", [len(config)], config), bytes_tensor("embedded.tokenizer.json", tokenizer)], "manifest"),
        ("rank", [("embedded.config.json", "U8", [1, len(config)], config), bytes_tensor("embedded.tokenizer.json", tokenizer)],
         "manifest"),
    ]:
        reject("embedded-" + name, patched(tables, USUAL, more=more), error, "an embedded file is U8 of one dimension")
    broken = [bytes_tensor("embedded.config.json", config[:-1]), bytes_tensor("embedded.tokenizer.json", tokenizer)]
    reject("embedded-config-cut", patched(tables, USUAL, more=broken), "json", "an embedded file is cut short", exits={"memdiff": 0})
    broken = [bytes_tensor("embedded.config.json", config), bytes_tensor("embedded.tokenizer.json", b"")]
    reject("embedded-tokenizer-empty", patched(tables, USUAL, more=broken), "json", "an embedded file of no bytes",
           exits={"memdiff": 0})


def claims(reject):
    rows = 1 << 40
    names = [name for name, *_ in table()]
    claimed = header_of(tensors()) | {name: entry("F32", [rows, 4], 720, 720) for name in names}
    reject("rows-2-40", framed(compact(claimed), data_of(tensors())), "tensorInvalidInfo", "2^40 rows of no bytes")
    claimed = header_of(tensors()) | {name: entry("F32", [rows, 0], 720, 720) for name in names}
    reject("rows-2-40-of-no-width", framed(compact(claimed), data_of(tensors())), "memoryTable", "2^40 rows of no width")
    claimed = header_of(tensors()) | {name: entry("F32", [1 << 62, 4], 720, 720) for name in names}
    reject("rows-2-62", framed(compact(claimed), data_of(tensors())), "validationOverflow", "2^62 rows")
    rows = 1 << 27
    base = tensors()
    start = len(data_of(base))
    ends = [start + 16 * rows, start + 32 * rows, start + 40 * rows]
    header = header_of(base)
    for name, width, begin, end in zip(names, [4, 4, 2], [start] + ends, ends):
        header[name] = entry("F32", [rows, width], begin, end)
    text = compact(header)
    recipe = [{"u64": len(text)}, {"text": text}, {"hex": data_of(base).hex()}, {"sparse": 40 * rows}]
    reject("large-rows", {"make": recipe}, "memoryTable", "5 GB of zeros: the first key has no length")


def add(corpus):
    def reject(name, content, error, why, exits={}):
        corpus.reject("table", name, BESIDE | {FILE: content}, error, why, exits, FILE)

    for part in [values, shapes, modules, manifests, metadata]:
        part(reject)
    claims(reject)
    accepted(corpus)


def accepted(corpus):
    def accept(name, content, why, memories=["fact"], rows=1, **means):
        corpus.accept("table", name, BESIDE | {FILE: content}, why,
                      {"base": "same", "memories": memories, "rows": rows} | means, opened=FILE)

    both = table(ATTENTION) + table(FEED_FORWARD)
    everywhere = table(bounds=[[100.0, 3.0]], deltas=[[8.0, -8.0, 8.0, 8.0]])
    accept("one", patched(table(), USUAL), "as the compiler writes it")
    accept("acting", patched(everywhere, USUAL), "a region that every token falls into", fires=True)
    accept("two-modules", patched(both, manifest(memory([row(), row(FEED_FORWARD)]))), "a memory of two rows", rows=2)
    accept("two-memories", patched(both, manifest(memory([row(FEED_FORWARD)]), memory([row()], name="other"))),
           "in the manifest's order", ["fact", "other"], 2)
    accept("names-equivalent", patched(both, manifest(memory([row(FEED_FORWARD)], name="\u00e9"), memory([row()], name="e\u0301"))),
           "one composed, one decomposed: two names", ["\u00e9", "e\u0301"], 2)
    accept("no-manifest", patched(table(), None), "rows without names", [ATTENTION + "[0]"])
    accept("no-version", patched(table(), USUAL, {"memory.version": ...}), "the version may be absent")
    accept("no-memories", patched([], manifest()), "a patched file whose memories were taken out", [], 0)
    empty = [(name, dtype, [0, shape[1]], b"") for name, dtype, shape, _ in table()]
    accept("no-rows", patched(empty, manifest()), "a table of no rows", [], 0)
    accept("no-rows-other-width", patched([(n, d, [0, 9] if s[1] == 4 else s, b) for n, d, s, b in empty], manifest()),
           "a table of no rows acts nowhere, whatever its width", [], 0)
    accept("memory-of-no-rows", patched([], manifest(memory([]))), "the compiler found nothing to add", ["fact"], 0)
    accept("unknown-keys", patched(table(), manifest(memory([row(later=[1])], later={"x": 1}), later=None)), "keys of later tools")
    accept("base-hash-wrong", patched(table(), USUAL, {"memory.base": "0" * 64}), "costs a pass over all weights: not checked")
    accept("boundary-extremes", patched(table(bounds=[[1.5e-19, 3e38]]), USUAL), "the least boundary, a huge hardness")
    accept("hardness-least", patched(table(bounds=[[1e19, 1e-45]]), USUAL), "a huge boundary, the least hardness", fires=True)
    accept("delta-subnormal", patched(table(deltas=[[1e-45] * 4]), USUAL), "deltas may be of any size")
    accept("scores-odd", patched(table(), manifest(memory([row()], scores=[1], entry=None))), "what is kept for people")
    accept("escaped-names", patched(table(), USUAL.replace(b'"row":', b'"\\u0072ow":')), "an escaped key is the same key")
    accept("embedded-unknown", patched(table(), USUAL, more=embedded() + [bytes_tensor("embedded.notes.txt", b"\0")]),
           "reserved: no part of the base")
    accept("gpt2", patched(
        [(n.replace(FEED_FORWARD, "h.0.mlp.c_proj"), *rest) for n, *rest in table(FEED_FORWARD)],
        manifest(memory([row("h.0.mlp.c_proj")])), base=tensors(GPT2_SHAPES), more=embedded(GPT2_CONFIG)),
        "Conv1D: the first dimension is the input", base="other")
    accept("order-reversed", safetensors(list(reversed(tensors() + table()))), "tables before the base",
           [ATTENTION + "[0]"])

"""Tables whose keys and deltas are BF16, version 2 of specs/FORMAT.md, in files of the model."""

import struct

from .cue_cases import ALWAYS, NEVER, SEEN, VERSION, cues, file, gated
from .formats import bfloats, compact, data_of, entry, halves, header_of
from .model import FEED_FORWARD, tensors
from .table_cases import BESIDE, FILE, table

# Numbers that BF16 has.
KEY, DELTA = [1.0, -0.5, 2.0, 0.25, 1.5, -1.0], [8.0, -8.0] * 3


def half(list_, *parts):
    """The tensors with those that end in `parts` as BF16."""
    def converted(tensor):
        name, dtype, shape, data = tensor
        if dtype != "F32" or not name.endswith(tuple(".memory." + part for part in parts)):
            return tensor
        return name, "BF16", shape, bfloats(struct.unpack(f"<{len(data) // 4}f", data))

    return [converted(tensor) for tensor in list_]


def rows(**changes):
    return table(FEED_FORWARD, **({"keys": [KEY], "deltas": [DELTA], "bounds": [ALWAYS]} | changes))


def add(corpus):
    def reject(name, list_, why, metadata=VERSION):
        corpus.reject("table", "half-" + name, BESIDE | {FILE: file(list_, metadata)}, "memoryTable", why, {}, FILE)

    def accept(name, list_, why, **means):
        means = {"base": "same", "memories": ["fact"], "rows": 1} | means
        corpus.accept("table", "half-" + name, BESIDE | {FILE: file(list_)}, why, means, opened=FILE)

    both = ("keys", "deltas")
    for version, metadata in [("1", {"memory.version": "1"}), ("absent", {"memory.version": ...})]:
        reject(f"version-{version}", half(rows(), *both), "BF16 in a file that does not say version 2", metadata)
    reject("bounds", half(rows(), *both, "bounds"), "bounds are F32 in every file")
    one = cues((0, SEEN), keys=[[1.0, 2.0, -0.5, 0.25]])
    reject("cue-bounds", half(gated(one), "cue_bounds"), "those of cues too")
    for part, index in [("keys", 0), ("deltas", 1)]:
        name, _, shape, _ = rows()[index]
        rest = rows()[:index] + rows()[index + 1 :]
        reject(f"{part}-f16", rest + [(name, "F16", shape, halves(KEY))], f"{part} of F16")
        wrong = (name, "BF16", [1, 5], bfloats(KEY[:5]))
        reject(f"{part}-width", half(rest, *both) + [wrong], f"{part} of another width than the others")
        reject(f"{part}-rank", half(rest, *both) + [(name, "BF16", [6], bfloats(KEY))], f"{part} of one dimension")
    infinity, nan = float("inf"), float("nan")
    for name, changes in [
        ("key-nan", {"keys": [KEY[:5] + [nan]]}), ("key-infinite", {"keys": [KEY[:5] + [infinity]]}),
        ("key-zero", {"keys": [[0.0] * 6]}), ("key-subnormal", {"keys": [[1e-20] + [0.0] * 5]}),
        ("delta-nan", {"deltas": [[nan] * 6]}), ("delta-infinite", {"deltas": [DELTA[:5] + [-infinity]]}),
    ]:
        reject("value-" + name, half(rows(**changes), *both), "values are checked as those of F32 are")
    reject("cue-key-nan", half(gated(cues((0, SEEN), keys=[[1.0, nan, 0.0, 0.0]])), "cue_keys"), "NaN in a cue's key")
    equal = cues((0, SEEN), (1, SEEN), keys=[[1.0, 2.0, -0.5, 0.25]] * 2)
    reject("cues-equal", half(gated(equal, asked=[[0, 1]]), "cue_keys"), "a row that asks for two cues that are equal")
    claims(corpus)

    accept("both", half(rows(), *both), "keys and deltas of BF16", fires=True)
    accept("keys", half(rows(), "keys"), "keys of BF16, deltas of F32", fires=True)
    accept("deltas", half(rows(), "deltas"), "the other way round", fires=True)
    always = {"keys": [KEY], "deltas": [DELTA], "bounds": [ALWAYS]}
    accept("cue-keys", half(gated(one, **always), "cue_keys"), "cues of BF16, rows of F32", fires=True)
    accept("all", half(gated(one, **always), *both, "cue_keys"), "all that may be BF16", fires=True)
    never = cues((0, SEEN), keys=[[1.0, 2.0, -0.5, 0.25]], bounds=[NEVER])
    accept("cue-absent", half(gated(never, **always), *both, "cue_keys"), "a cue of BF16 that is never present", fires=False,
           output="same")


def claims(corpus):
    base = tensors()
    start, count = len(data_of(base)), 1 << 28
    header = header_of(base, VERSION)
    ends = [start, start + 12 * count, start + 24 * count, start + 32 * count]
    for part, dtype, width, i in [("keys", "BF16", 6, 0), ("deltas", "BF16", 6, 1), ("bounds", "F32", 2, 2)]:
        header[f"{FEED_FORWARD}.memory.{part}"] = entry(dtype, [count, width], ends[i], ends[i + 1])
    text = compact(header)
    recipe = [{"u64": len(text)}, {"text": text}, {"hex": data_of(base).hex()}, {"sparse": 32 * count}]
    corpus.reject("table", "half-large-rows", BESIDE | {FILE: {"make": recipe}}, "memoryTable",
                  "8 GB of zeros: the first key has no length", {}, FILE)

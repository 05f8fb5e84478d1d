"""Cues and gates, version 2 of specs/FORMAT.md, in files of the model."""

import struct

from .formats import compact, data_of, entry, floats, framed, header_of
from .model import ATTENTION, FEED_FORWARD, numbers, tensors
from .table_cases import BESIDE, FILE, UNSEEN, manifest, memory, patched, row, table

WIDTHS = {ATTENTION: 4, FEED_FORWARD: 6}
SEEN, HERE = 1, 0
# Bounds that every activation falls into, and some that none does but the key itself.
ALWAYS, NEVER = [100.0, 3.0], [1e-6, 3.0]
VERSION = {"memory.version": "2"}
USUAL = manifest(memory([row(FEED_FORWARD)]))


def integers(values):
    return struct.pack(f"<{len(values)}i", *values)


def gates(rows, module=FEED_FORWARD):
    return (f"{module}.memory.gates", "I32", [len(rows), len(rows[0])], integers([x for row in rows for x in row]))


def cues(*list_, module=ATTENTION, keys=None, bounds=None):
    """The cues (number, mode) of a module: three tensors."""
    keys = [numbers(WIDTHS[module], 5 + i) for i in range(len(list_))] if keys is None else keys
    bounds = [ALWAYS] * len(list_) if bounds is None else bounds
    return [
        (f"{module}.memory.cue_keys", "F32", [len(keys), len(keys[0])], floats([x for key in keys for x in key])),
        (f"{module}.memory.cue_bounds", "F32", [len(bounds), len(bounds[0])], floats([x for pair in bounds for x in pair])),
        (f"{module}.memory.cues", "I32", [len(list_), len(list_[0])], integers([x for pair in list_ for x in pair])),
    ]


def gated(*more, asked=((0,),), **changes):
    """The tensors of a row of the MLP that asks for cues of the attention."""
    return table(FEED_FORWARD, **changes) + [gates(asked)] + [tensor for list_ in more for tensor in list_]


def file(list_, metadata=VERSION, told=USUAL):
    return patched(list_, told, metadata)


def add(corpus):
    def reject(name, list_, why, exits={}, metadata=VERSION, told=USUAL):
        corpus.reject("table", "cue-" + name, BESIDE | {FILE: file(list_, metadata, told)}, "memoryTable", why, exits, FILE)

    numbering(reject)
    values(reject)
    shapes(reject)
    order(reject)
    claims(corpus)
    accepted(corpus)


def numbering(reject):
    one = cues((0, SEEN))
    reject("version-1", gated(one), "rows that ask for cues in a file of version 1", metadata={"memory.version": "1"})
    reject("version-absent", gated(one), "the same in a file that names no version", metadata={"memory.version": ...})
    reject("number-twice", gated(cues((0, SEEN), (0, HERE))), "two cues of a number at one module")
    reject("number-twice-in-file", gated(one, cues((0, SEEN), module=FEED_FORWARD)), "the same at two modules")
    reject("number-negative", gated(cues((0, SEEN), (-1, SEEN))), "a number below 0")
    reject("gate-unknown", gated(one, asked=[[1]]), "a number that no cue has")
    reject("gate-without-cues", gated(), "a gate in a file without cues")
    reject("gate-negative", gated(one, asked=[[0, -2]]), "a gate below -1")
    reject("gate-twice", gated(one, asked=[[0, 0]]), "a row that asks for a cue twice")
    key = numbers(4, 5)
    reject("gates-equal-cues", gated(cues((0, SEEN), (1, SEEN), keys=[key, key]), asked=[[0, 1]]),
           "a row that asks for two cues that are equal")
    for mode in [2, -1]:
        reject(f"mode-{mode}", gated(cues((0, mode))), "neither here nor seen")


def values(reject):
    infinity, nan = float("inf"), float("nan")
    for name, changes, why in [
        ("key-nan", {"keys": [[1, nan, 0, 0]]}, "NaN in a cue's key"), ("key-zero", {"keys": [[0.0] * 4]}, "a key of no length"),
        ("key-subnormal", {"keys": [[1e-20, 0, 0, 0]]}, "its square is subnormal"),
        ("key-infinite", {"keys": [[1, infinity, 0, 0]]}, "infinity"), ("boundary-0", {"bounds": [[0, 3]]}, "a boundary of 0"),
        ("boundary-negative", {"bounds": [[-1, 3]]}, "below 0"), ("boundary-nan", {"bounds": [[nan, 3]]}, "NaN"),
        ("hardness-0", {"bounds": [[1, 0]]}, "a hardness of 0"), ("hardness-infinite", {"bounds": [[1, infinity]]}, "infinity"),
    ]:
        reject(name, gated(cues((0, SEEN), **changes)), why)
    reject("unused-key-zero", gated(cues((0, SEEN), (1, SEEN), keys=[numbers(4, 5), [0.0] * 4])),
           "a cue that no row asks for is checked like any other")


def shapes(reject):
    one = cues((0, SEEN))
    for i, part in enumerate(["keys", "bounds", "numbers"]):
        reject(f"{part}-absent", gated(one[:i] + one[i + 1 :]), f"cues without {part}")
    alone = cues((1, HERE), module=FEED_FORWARD)
    for i, part in enumerate(["keys", "bounds", "numbers"]):
        reject(f"alone-{part}-absent", table(ATTENTION) + alone[:i] + alone[i + 1 :], f"no rows, and cues without {part}")
    for name, index, dtype, shape, data in [
        ("keys-f64", 0, "F64", [1, 4], bytes(32)), ("keys-rank-1", 0, "F32", [4], floats([1.0] * 4)),
        ("keys-fewer", 0, "F32", [0, 4], b""), ("bounds-i32", 1, "I32", [1, 2], integers([1, 3])),
        ("bounds-of-three", 1, "F32", [1, 3], floats([1, 3, 1])), ("numbers-i64", 2, "I64", [1, 2], bytes(16)),
        ("numbers-f32", 2, "F32", [1, 2], floats([0, 1])), ("numbers-of-one", 2, "I32", [1, 1], integers([0])),
        ("numbers-rank-1", 2, "I32", [2], integers([0, 1])), ("numbers-more", 2, "I32", [2, 2], integers([0, 1, 1, 1])),
    ]:
        changed = [(one[index][0], dtype, shape, data)]
        reject(name, gated(one[:index] + changed + one[index + 1 :]), f"{dtype} {shape}")
    name = f"{FEED_FORWARD}.memory.gates"
    for what, dtype, shape, data in [
        ("f32", "F32", [1, 1], floats([0])), ("i64", "I64", [1, 1], bytes(8)), ("rank-1", "I32", [1], integers([0])),
        ("more", "I32", [2, 1], integers([0, 0])), ("fewer", "I32", [0, 1], b""),
    ]:
        reject(f"gates-{what}", table(FEED_FORWARD) + [(name, dtype, shape, data)] + one, f"gates of {dtype} {shape} for one row")
    reject("gates-without-rows", table(FEED_FORWARD) + one + [gates([[0]], ATTENTION)], "gates of a module without rows")
    both = table(FEED_FORWARD) + cues((0, SEEN), module=FEED_FORWARD, keys=[numbers(4, 5)])
    reject("width-of-rows", both, "rows of 6 numbers and cues of 4 at one module")
    wide = cues((0, SEEN), keys=[numbers(5, 1)])
    reject("width-other", gated(wide), "5 numbers for 4 inputs", UNSEEN)


def order(reject):
    reject("module-unknown", gated([(name.replace("o_proj", "q_proj"), *rest) for name, *rest in cues((0, SEEN))]),
           "a cue at no site of the model", UNSEEN)
    reject("at-the-row", gated(cues((0, SEEN), module=FEED_FORWARD)), "a cue at its row's own site", UNSEEN)
    own = [gates([[0]], ATTENTION)] + cues((0, SEEN), module=FEED_FORWARD)
    reject("behind-the-row", table(ATTENTION) + own, "a cue at the MLP of a row at the attention", UNSEEN, told=manifest(memory([row()])))


def claims(corpus):
    names = [name for name, *_ in gated(cues((0, SEEN)))]
    base, rows = tensors(), table(FEED_FORWARD)
    start = len(data_of(base + rows))
    header = header_of(base + rows, VERSION)
    count = 1 << 30
    header[names[3]] = entry("I32", [1, count], start, start + 4 * count)
    text = compact(header)
    recipe = [{"u64": len(text)}, {"text": text}, {"hex": data_of(base + rows).hex()}, {"sparse": 4 * count}]
    corpus.reject("table", "cue-large-gates", BESIDE | {FILE: {"make": recipe}}, "memoryTable",
                  "4 GB of zeros: a row that asks for cue 0 again and again", {}, FILE)
    header = header_of(base + rows, VERSION)
    count = 1 << 27
    ends = [start + 16 * count, start + 24 * count, start + 32 * count]
    for name, dtype, width, begin, end in zip(names[4:], ["F32", "F32", "I32"], [4, 2, 2], [start] + ends, ends):
        header[name] = entry(dtype, [count, width], begin, end)
    text = compact(header)
    recipe = [{"u64": len(text)}, {"text": text}, {"hex": data_of(base + rows).hex()}, {"sparse": 32 * count}]
    corpus.reject("table", "cue-large-cues", BESIDE | {FILE: {"make": recipe}}, "memoryTable",
                  "4 GB of zeros: the first cue's key has no length", {}, FILE)


def accepted(corpus):
    def accept(name, list_, why, memories=["fact"], rows=1, metadata=VERSION, told=USUAL, **means):
        corpus.accept("table", "cue-" + name, BESIDE | {FILE: file(list_, metadata, told)}, why,
                      {"base": "same", "memories": memories, "rows": rows} | means, opened=FILE)

    always = {"bounds": [[100.0, 3.0]], "deltas": [[8.0, -8.0] * 3]}
    accept("seen", gated(cues((0, SEEN)), **always), "a cue at a module without rows, present at every token", fires=True)
    accept("here", gated(cues((0, HERE)), **always), "the same, read at the row's own token", fires=True)
    for name, mode in [("seen", SEEN), ("here", HERE)]:
        accept(f"{name}-absent", gated(cues((0, mode), bounds=[NEVER]), **always), "a cue that is never present keeps its row silent",
               fires=False, output="same")
    accept("one-absent", gated(cues((0, SEEN), (1, HERE), bounds=[ALWAYS, NEVER]), asked=[[0, 1]], **always),
           "one of two cues is never present", fires=False, output="same")
    accept("numbers-any", gated(cues((2**31 - 1, SEEN), (5, HERE)), asked=[[5, 2**31 - 1]], **always),
           "numbers in no order, with gaps", fires=True)
    two = dict(keys=[numbers(6, 2)] * 2, deltas=[[8.0] * 6] * 2, bounds=[[100.0, 3.0]] * 2)
    both = manifest(memory([row(FEED_FORWARD)]), memory([row(FEED_FORWARD, 1)], name="other"))
    accept("shared", gated(cues((0, SEEN)), asked=[[0], [0]], **two), "two memories ask for one cue", ["fact", "other"], 2,
           told=both, fires=True)
    accept("fewer", gated(cues((0, SEEN), (1, HERE), bounds=[NEVER, ALWAYS]), asked=[[0, 1], [-1, -1]], **two),
           "a row of two cues, and one of none, which acts", ["fact", "other"], 2, told=both, fires=True)
    accept("none-first", gated(cues((0, SEEN)), asked=[[-1, 0, -1]], **always), "-1 may stand anywhere", fires=True)
    accept("all-none", gated(asked=[[-1]], **always), "gates that ask for nothing, in a file of version 1", metadata={}, fires=True)
    empty = [(f"{FEED_FORWARD}.memory.gates", "I32", [1, 0], b"")]
    accept("no-gates", table(FEED_FORWARD, **always) + empty + cues((0, SEEN), bounds=[NEVER]), "gates of no columns", fires=True)
    accept("unused", table(FEED_FORWARD, **always) + cues((0, SEEN), bounds=[NEVER]), "a cue that no row asks for does nothing",
           fires=True)
    accept("unused-version-1", table(FEED_FORWARD, **always) + cues((0, SEEN), bounds=[NEVER]), "nor in a file of version 1",
           metadata={}, fires=True)
    accept("unused-behind", table(ATTENTION) + cues((0, SEEN), module=FEED_FORWARD), "a cue that no row asks for has no order",
           told=manifest(memory([row()])))
    key = numbers(4, 5)
    accept("equal", gated(cues((0, SEEN), (1, SEEN), keys=[key, key]), asked=[[0], [1]], **two), "equal cues under two numbers",
           ["fact", "other"], 2, told=both, fires=True)
    accept("equal-but-mode", gated(cues((0, SEEN), (1, HERE), keys=[key, key]), asked=[[0, 1]], **always),
           "one region, read in both ways by one row", fires=True)
    accept("alone", cues((0, SEEN)), "cues and no rows at all", [], 0, told=manifest(), output="same")
    accept("nameless", gated(cues((0, SEEN)), **always), "rows without a manifest", [FEED_FORWARD + "[0]"], told=None, fires=True)
    accept("version-2-of-none", table(FEED_FORWARD), "version 2 says no more than what a table may have")

"""Checkpoints in shards: model.safetensors.index.json and the files that it names."""

from .formats import compact, safetensors
from .model import bfloats_tensors, tensors

INDEX = "model.safetensors.index.json"
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
BESIDE = {"config.json": "model/config.json", "tokenizer.json": "model/tokenizer.json"}


def parts():
    all_tensors = tensors()
    return all_tensors[:5], all_tensors[5:]


def weight_map():
    return {tensor[0]: shard for shard, part in zip(SHARDS, parts()) for tensor in part}


def layout(index=None, first=None, second=None, raw=None):
    """The files of a sharded model; the shards are those of the case `valid` unless given."""
    content = raw if raw is not None else compact(index if index is not None else {"weight_map": weight_map()}).encode()
    return BESIDE | {
        INDEX: content,
        SHARDS[0]: "model/" + SHARDS[0] if first is None else first,
        SHARDS[1]: "model/" + SHARDS[1] if second is None else second,
    }


def mapped(**changes):
    """The weight map with tensors assigned to other shards; None removes a tensor."""
    result = weight_map() | {name.replace("__", "."): shard for name, shard in changes.items()}
    return {"weight_map": {name: shard for name, shard in result.items() if shard is not None}}


def add(corpus):
    def reject(name, files, error, why, **more):
        corpus.reject("index", name, files, error, why, **more)

    first, second = parts()
    norm = "model__norm__weight"
    reject("not-json", layout(raw=b"{"), "json", "the index is cut short")
    reject("empty", layout(raw=b""), "json", "an index of no bytes")
    reject("array", layout([]), "index", "the index is not an object")
    reject("no-map", layout({"metadata": {}}), "index", "no weight_map")
    reject("map-array", layout({"weight_map": []}), "index", "weight_map is not an object")
    reject("map-null", layout({"weight_map": None}), "index", "weight_map is not an object")
    reject("map-empty", layout({"weight_map": {}}), "missingTensor", "no tensors: no model, though nothing to compare",
           exits={"memdiff": 0})
    doubled = compact(mapped()).replace("{\"weight_map\":{", '{"weight_map":{"model.norm.weight":"x",').encode()
    reject("twice-key", layout(raw=doubled), "json", "a tensor with two shards")
    reject("deep", layout(raw=b'{"weight_map":' + b"[" * 300 + b"]" * 300 + b"}"), "json", "nested 300 deep")
    for name, shard in [
        ("parent", "../" + SHARDS[1]), ("absolute", "/dev/null"), ("out-and-in", "x/../" + SHARDS[1]), ("empty", ""), ("dot-alone", "."),
        ("dots", ".."), ("nul", SHARDS[1] + "\0"), ("number", 2), ("null", None), ("array", [SHARDS[1]]),
    ]:
        index = mapped()
        index["weight_map"]["model.norm.weight"] = shard
        reject("shard-" + name, layout(index), "index", f"a shard called {shard!r}: not a file in the index's own folder")
    reject("shard-missing", layout(mapped(extra="model-00003-of-00002.safetensors")), "missing", "no such shard")
    reject("shard-long", layout(mapped(extra="x" * 5000)), "unreadable", "a name that no file can have")
    reject("shard-config", layout(mapped(extra="config.json")), "headerTooLarge", "a shard that is not safetensors")
    reject("shard-index", layout(mapped(extra=INDEX)), "headerTooLarge", "the index as a shard")
    reject("shard-cut", layout(second=safetensors(second)[:-1]), "metadataIncompleteBuffer", "a shard that is cut short")
    name, dtype, shape, data = second[-1]
    other = (name, dtype, shape, data[:-1] + bytes([data[-1] ^ 1]))
    reject("tensor-in-both-differs", layout(first=safetensors(first + [other])), "index", "a tensor in two shards, with other bytes")
    lacking = {"weight_map": {name: shard for name, shard in weight_map().items() if "norm" not in name}}
    reject("tensor-of-model-missing",
           layout(lacking, safetensors([t for t in first if "norm" not in t[0]]),
                  safetensors([t for t in second if "norm" not in t[0]])),
           "missingTensor", "index and shards agree, but the model needs more", exits={"memdiff": 0})

    def accept(name, files, why, base="same", **more):
        corpus.accept("index", name, files, why, {"base": base}, **more)

    accept("valid", layout(), "two shards")
    accept("tensor-absent", layout(mapped(absent=SHARDS[1])), "the index names a tensor that no shard has")
    accept("tensor-under-other", layout(mapped(**{norm: SHARDS[0]})), "a tensor under another shard")
    accept("tensor-unindexed", layout(mapped(**{norm: None})), "a shard has a tensor that the index has not")
    accept("tensor-in-both", layout(first=safetensors(first + second[-1:])), "a tensor in two shards, the same bytes in both")
    accept("shard-dot", layout(mapped(**{norm: "./" + SHARDS[1]})), "a shard by two names")
    accept("opened-by-index", layout(), "the index's own path", opened=INDEX)
    accept("total-size-wrong", layout({"metadata": {"total_size": -1}} | mapped()), "no reader depends on the size")
    accept("shard-link", layout(second={"link": SHARDS[1] + ".blob"}) | {SHARDS[1] + ".blob": "model/" + SHARDS[1]},
           "hubs' caches link to the files")
    accept("single-beside", layout() | {"model.safetensors": "model/model.safetensors", INDEX: b"{"},
           "a single file counts before an index, whatever that holds")
    accept("dtypes-mixed", layout(second=safetensors(bfloats_tensors()[5:])), "a shard in BF16, one in F32", base="other")

"""GGUF files: the container, its metadata, its tensors, and the keys that a model needs."""

import struct

from .formats import GGUF, floats, halves
from .model import TOKENS, gguf, values

TOP = (1 << 64) - 1


def containers(reject):
    whole = gguf().bytes()
    for name, count in [("magic-alone", 4), ("cut-in-version", 6), ("cut-in-counts", 20), ("cut-in-entries", 200),
                        ("cut-in-tensors", 1200)]:
        reject(name, whole[:count], f"the first {count} bytes")
    reject("cut-last-tensor", whole[:-20], "the last tensor is cut")
    for name, version in [("0", 0), ("1", 1), ("4", 4), ("big-endian", 0x03000000), ("huge", 0xFFFFFFFF)]:
        reject("version-" + name, gguf().bytes(version=version), f"version {version:#x}")
    for name, count in [("one-more", 12), ("2-32", 1 << 32), ("2-63", 1 << 63), ("2-64", TOP)]:
        reject("tensors-" + name, gguf().bytes(tensor_count=count), f"{count} tensors claimed")
    for name, count in [("one-less", 14), ("one-more", 16), ("2-32", 1 << 32), ("2-63", 1 << 63), ("2-64", TOP)]:
        reject("entries-" + name, gguf().bytes(entry_count=count), f"{count} entries claimed")
    reject("tensors-one-less", gguf().bytes(tensor_count=10), "the last tensor is not counted")


def metadata(reject):
    def raw(key, data):
        return gguf().raw(key, data).bytes()

    for name, length in [("beyond", 100_000), ("2-63", 1 << 63), ("2-64-less-8", TOP - 7)]:
        reject("string-" + name, raw("x", struct.pack("<IQ", GGUF.STRING, length)), f"a string of {length} bytes")
        key = gguf()
        key.entries.append(("x", struct.pack("<Q", length) + b"x"))
        reject("key-" + name, key.bytes(), f"a key of {length} bytes")
        for kind, element in [("u8", GGUF.U8), ("u64", GGUF.U64), ("strings", GGUF.STRING), ("arrays", GGUF.ARRAY)]:
            reject(f"array-{kind}-{name}", raw("x", struct.pack("<IIQ", GGUF.ARRAY, element, length)),
                   f"{length} elements of type {element}")
    for depth in [5, 100]:
        nested = struct.pack("<I", GGUF.ARRAY) + struct.pack("<IQ", GGUF.ARRAY, 1) * depth + struct.pack("<IQB", GGUF.U8, 1, 0)
        reject(f"array-nested-{depth}", raw("x", nested), f"arrays in arrays, {depth} deep")
    for code in [13, 255, 1 << 31]:
        reject(f"type-{code}", raw("x", struct.pack("<IQ", code, 0)), f"a value of type {code}")
        reject(f"array-type-{code}", raw("x", struct.pack("<IIQ", GGUF.ARRAY, code, 0)), f"elements of type {code}")
    reject("boolean-2", raw("x", struct.pack("<IB", GGUF.BOOL, 2)), "a Boolean of 2")
    reject("twice-key", raw("general.architecture", struct.pack("<I", GGUF.STRING) + GGUF.string("llama")), "a key twice")
    for value in [0, 3, 48, 1 << 25, (1 << 32) - 1]:
        reject(f"alignment-{value}", gguf().set("general.alignment", GGUF.U32, value).bytes(), f"an alignment of {value}")
    reject("alignment-negative", gguf().set("general.alignment", GGUF.I32, -32).bytes(), "an alignment below 0")
    reject("alignment-string", gguf().set("general.alignment", GGUF.STRING, "32").bytes(), "an alignment that is no number")
    reject("alignment-2-63", gguf().set("general.alignment", GGUF.U64, 1 << 63).bytes(), "an alignment of 2^63")
    reject("alignment-other", gguf().set("general.alignment", GGUF.U32, 64).bytes(), "offsets that do not fit the alignment")


def descriptions(reject):
    name = "output_norm.weight"

    def changed(**fields):
        return gguf().change(name, **fields).bytes()

    for rank in [5, 64]:
        reject(f"rank-{rank}", changed(dimensions=[1] * rank), f"{rank} dimensions")
    file = gguf()
    text = GGUF.string(name)
    whole = file.bytes()
    at = whole.index(text) + len(text)
    reject("rank-2-31", whole[:at] + struct.pack("<I", 1 << 31) + whole[at + 4 :], "2^31 dimensions")
    for label, dimensions in [
        ("zero", [0]), ("2-63", [1 << 63]), ("2-64", [TOP]), ("product-overflows", [1 << 32, 1 << 32]),
        ("product-wraps-to-4", [(1 << 62) + 1, 4]), ("zero-hides", [0, 1 << 40, 1 << 40]), ("bytes-overflow", [1 << 61]),
        ("other", [5]), ("matrix", [4, 1]), ("scalar", []), ("four-large", [1 << 16] * 4),
    ]:
        reject("dimensions-" + label, changed(dimensions=dimensions), f"dimensions {dimensions}")
    for kind in [4, 9, 15, 41, (1 << 32) - 1]:
        reject(f"kind-{kind}", changed(kind=kind), f"a tensor of type {kind}, which is not read")
    for label, kind, size in [("", 8, 32), ("-iq4", 20, 32), ("-nvfp4", 40, 64), ("-iq1", 19, 256)]:
        reject("kind-blocks" + label, changed(kind=kind), f"4 elements in blocks of {size}")
    for label, offset in [("unaligned", 4), ("beyond", 1 << 20), ("2-63", 1 << 63), ("2-64", TOP - 31), ("same", 0)]:
        reject("offset-" + label, changed(offset=offset), f"data at {offset}")
    reject("twice-tensor", gguf().tensor(name, [4], floats([1] * 4)).bytes(), "a tensor twice")
    reject("tensor-unknown", gguf().tensor("blk.1.attn_q.weight", [4, 4], bytes(64)).bytes(), "a tensor that no layer has")
    reject("tensor-missing", renamed(name, "output_norms.weight").bytes(), "a tensor under another name")
    for label, dimensions, values in [("many", [2], [1, 1]), ("zero", [1], [0]), ("infinite", [1], [float("inf")])]:
        file = gguf().tensor("rope_freqs.weight", dimensions, floats(values))
        reject("rope-frequencies-" + label, file.bytes(), "factors of rotary frequencies that do not fit")


def models(reject):
    for label, kind, scores in [("few", GGUF.F32, [0.0]), ("integers", GGUF.I32, [0] * len(TOKENS)), ("none", GGUF.F32, [])]:
        reject("scores-" + label, pieces(kind, scores).bytes(), "scores that are not a number for each token")
    for key, kind, value in [
        ("general.architecture", GGUF.STRING, "mamba"), ("general.architecture", GGUF.U32, 1),
        ("general.architecture", GGUF.STRING, b"llama\xff"), ("split.count", GGUF.U16, 2), ("llama.block_count", GGUF.U32, 0),
        ("llama.block_count", GGUF.U32, 2), ("llama.block_count", GGUF.U32, (1 << 31) - 1), ("llama.block_count", GGUF.I64, -1),
        ("llama.block_count", GGUF.F32, 1.0), ("llama.block_count", GGUF.U64, TOP), ("llama.embedding_length", GGUF.U32, 8),
        ("llama.attention.head_count", GGUF.U32, 0), ("llama.attention.head_count", GGUF.U32, 3),
        ("llama.attention.head_count_kv", GGUF.U32, 0), ("llama.attention.head_count", GGUF.ARRAY, (GGUF.U32, [2, 1])),
        ("llama.attention.head_count", GGUF.ARRAY, (GGUF.U32, [])), ("llama.attention.head_count", GGUF.ARRAY, (GGUF.F32, [2.0])),
        ("llama.rope.dimension_count", GGUF.U32, 1), ("llama.rope.dimension_count", GGUF.U32, 4),
        ("llama.attention.layer_norm_rms_epsilon", GGUF.F32, float("nan")),
        ("llama.attention.layer_norm_rms_epsilon", GGUF.F32, 0.0), ("llama.rope.freq_base", GGUF.F32, -1.0),
        ("llama.rope.scaling.type", GGUF.STRING, "su"), ("llama.expert_count", GGUF.U32, 8), ("general.type", GGUF.STRING, "adapter"),
        ("llama.final_logit_softcapping", GGUF.F32, 30.0), ("llama.attention.sliding_window", GGUF.U32, 4),
        ("llama.attention.causal", GGUF.BOOL, False), ("llama.residual_scale", GGUF.F32, float("nan")), ("llama.vocab_size", GGUF.U32, 13),
        ("llama.context_length", GGUF.U32, 0), ("tokenizer.ggml.model", GGUF.STRING, "llama"),
        ("tokenizer.ggml.pre", GGUF.STRING, "bloom"), ("tokenizer.ggml.tokens", GGUF.ARRAY, (GGUF.STRING, TOKENS + ["x"])),
        ("tokenizer.ggml.tokens", GGUF.ARRAY, (GGUF.STRING, TOKENS[:-1] + ["a"])), ("tokenizer.ggml.tokens", GGUF.STRING, "a"),
        ("tokenizer.ggml.tokens", GGUF.ARRAY, (GGUF.STRING, TOKENS[:-1] + [b"\xff"])),
        ("tokenizer.ggml.tokens", GGUF.ARRAY, (GGUF.U32, [1])), ("tokenizer.ggml.token_type", GGUF.ARRAY, (GGUF.I32, [1])),
        ("tokenizer.ggml.token_type", GGUF.ARRAY, (GGUF.I32, [9] * 12)), ("tokenizer.ggml.merges", GGUF.ARRAY, (GGUF.STRING, ["ab"])),
        ("tokenizer.ggml.merges", GGUF.ARRAY, (GGUF.STRING, ["a z"])), ("tokenizer.ggml.merges", GGUF.ARRAY, (GGUF.STRING, ["a  b"])),
        ("tokenizer.ggml.add_bos_token", GGUF.U32, 1),
    ]:
        number = sum(1 for name, _ in made if name == key)
        made.append((key, None))
        reject(f"{key.split('.', 1)[1]}-{number}", gguf().set(key, kind, value).bytes(), f"{key} is {str(value):.60}",
               error="tokenizer" if value == (GGUF.STRING, ["a z"]) else "gguf",
               exits={"memdiff": 0} if value == (GGUF.STRING, ["a z"]) else {})
    bos = gguf().set("tokenizer.ggml.add_bos_token", GGUF.BOOL, 1)
    reject("bos-missing", bos.bytes(), "a first token that is not named")
    reject("bos-beyond", bos.set("tokenizer.ggml.bos_token_id", GGUF.U32, 12).bytes(), "a first token that is not there")
    for key in ["general.architecture", "llama.block_count", "llama.attention.layer_norm_rms_epsilon", "tokenizer.ggml.model",
                "tokenizer.ggml.tokens", "tokenizer.ggml.merges"]:
        reject("without-" + key.split(".", 1)[1], gguf().drop(key).bytes(), f"{key} is missing")


made = []


def add(corpus):
    made.clear()

    def reject(name, content, why, error="gguf", exits={}):
        corpus.reject("gguf", name, {"case.gguf": content}, error, why, exits)

    for part in [containers, metadata, descriptions, models]:
        part(reject)
    for what, tensors, entries in [("entries", 0, 10_000_000), ("tensors", 8_000_000, 0)]:
        recipe = [{"text": "GGUF"}, {"hex": "03000000"}, {"u64": tensors}, {"u64": entries}, {"sparse": 200_000_000}]
        reject("large-" + what, {"make": recipe}, f"{tensors + entries} {what}, each of zeros")
    accepted(corpus)
    splits(corpus)


def splits(corpus):
    """The model in two files: any of them opens both."""
    first, second = "m-00001-of-00002.gguf", "m-00002-of-00002.gguf"

    def part(number, tensors=slice(None), count=2, total=11, named=None):
        file = gguf()
        file.tensors = file.tensors[tensors]
        if number:
            file.entries = []
        for key, kind, value in [("no", GGUF.U16, number if named is None else named), ("count", GGUF.U16, count),
                                 ("tensors.count", GGUF.I32, total)]:
            if value is not None:
                file.set("split." + key, kind, value)
        return file

    def layout(one=part(0, slice(5)), two=part(1, slice(5, None)), names=(first, second)):
        return {name: file.bytes() for name, file in zip(names, (one, two)) if file}

    def reject(name, files, why, opened=first, error="gguf"):
        corpus.reject("gguf", "split-" + name, files, error, why, {}, opened)

    for name, opened in [("first", first), ("second", second)]:
        corpus.accept("gguf", "split-" + name, layout(), f"the model in two files, the {name} opened",
                      {"base": "same", "output": "same"}, {}, opened)
    corpus.accept("gguf", "split-of-one", {"case.gguf": part(0, count=1, total=None).bytes()}, "a split into one file",
                  {"base": "same", "output": "same"})
    reject("part-missing", layout(two=None), "the second file is missing", error="missing")
    reject("name", layout(names=("m.gguf", second)), "a name that does not say the part", opened="m.gguf")
    reject("number", layout(two=part(1, slice(5, None), named=0)), "two first parts")
    reject("number-beyond", layout(two=part(1, slice(5, None), named=2)), "a number beyond the count", opened=second)
    reject("number-missing", layout(two=part(1, slice(5, None), named=None, count=2).drop("split.no")), "a part without a number")
    reject("count", layout(two=part(1, slice(5, None), count=3)), "parts that count differently")
    reject("count-missing", layout(two=part(1, slice(5, None), count=None)), "a part that is a whole file")
    reject("count-large", layout(one=part(0, slice(5), count=65535)), "65535 parts")
    reject("total", layout(part(0, slice(5), total=12), part(1, slice(5, None), total=12)), "12 tensors claimed of 11")
    reject("twice", layout(part(0, slice(6), total=12), part(1, slice(5, None), total=12)), "a tensor in two parts")
    reject("short", layout(part(0, slice(5), total=10), part(1, slice(6, None), total=10)), "a tensor in no part")
    cut = layout()
    cut[second] = cut[second][:-32]
    reject("cut", cut, "a second part that is cut short", opened=second)
    reject("architecture", layout(two=part(1, slice(5, None)).set("general.architecture", GGUF.STRING, "qwen2")),
           "a second part of another architecture")


def pieces(kind, scores):
    """The model with a SentencePiece tokenizer."""
    file = gguf().set("tokenizer.ggml.model", GGUF.STRING, "llama").set("tokenizer.ggml.add_space_prefix", GGUF.BOOL, False)
    return file.set("tokenizer.ggml.add_bos_token", GGUF.BOOL, False).set("tokenizer.ggml.scores", GGUF.ARRAY, (kind, scores))


def accepted(corpus):
    def accept(name, content, why, base="same", output="same"):
        corpus.accept("gguf", name, {"case.gguf": content}, why, {"base": base, "output": output})

    accept("plain", gguf().bytes(), "the model")
    accept("version-2", gguf().bytes(version=2), "the version before")
    accept("alignment-64", gguf().set("general.alignment", GGUF.U32, 64).bytes(alignment=64), "another alignment")
    accept("alignment-8", gguf().set("general.alignment", GGUF.U64, 8).bytes(alignment=8), "a smaller one, as 64 bits")
    accept("tail", gguf().bytes(extra=b"\0" * 100), "bytes behind the last tensor, which GGUF does not rule out")
    odd = gguf().set("x.nested", GGUF.ARRAY, (GGUF.ARRAY, [(GGUF.U8, [1]), (GGUF.STRING, ["", "y"]), (GGUF.F64, [])]))
    accept("metadata-odd", odd.set("", GGUF.I64, -1).set("\u00e9", GGUF.F64, float("nan")).bytes(), "keys that are not read")
    accept("order-reversed", reversed_tensors().bytes(), "tensors in any order")
    scores = [-float(i) for i in range(len(TOKENS))]
    accept("sentencepiece", pieces(GGUF.F32, scores).bytes(), "pieces with scores", output="any")
    for name, key, kind, value in [
        ("each-layer", "llama.attention.head_count", GGUF.ARRAY, (GGUF.U32, [2])), ("no-experts", "llama.expert_count", GGUF.U32, 0),
        ("no-scaling", "llama.rope.scaling.type", GGUF.STRING, "none"), ("yarn-of-one", "llama.rope.scaling.type", GGUF.STRING, "yarn"),
        ("factor-one", "llama.rope.scaling.factor", GGUF.F32, 1.0), ("no-cap", "llama.final_logit_softcapping", GGUF.F32, 0.0),
        ("wide-window", "llama.attention.sliding_window", GGUF.U32, 32), ("causal", "llama.attention.causal", GGUF.BOOL, True),
        ("no-templates", "tokenizer.chat_templates", GGUF.ARRAY, (GGUF.U8, [])),
    ]:
        accept("neutral-" + name, gguf().set(key, kind, value).bytes(), f"{key} is {value}, which changes nothing")
    accept("integers", gguf().change("output_norm.weight", kind=24, data=bytes([1] * 4)).bytes(), "ones as integers")
    content = values()["model.norm.weight"]
    accept("f16", gguf().change("output_norm.weight", kind=1, data=halves(content)).bytes(), "a tensor of another type",
           base="other")


def renamed(name, other):
    file = gguf()
    for tensor in file.tensors:
        tensor[0] = other if tensor[0] == name else tensor[0]
    return file


def reversed_tensors():
    file = gguf()
    file.tensors.reverse()
    return file

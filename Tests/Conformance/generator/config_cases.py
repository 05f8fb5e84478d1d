"""config.json and generation_config.json beside the model."""

from .formats import compact, floats, safetensors
from .model import CONFIG, GPT2_CONFIG, GPT2_SHAPES, numbers, tensors

# memdiff needs no configuration.
UNSEEN = {"memdiff": 0}


def layout(config, **more):
    content = config if isinstance(config, bytes) else compact(config).encode()
    return {"config.json": content, "model.safetensors": "model/model.safetensors",
            "tokenizer.json": "model/tokenizer.json"} | more


def changed(**fields):
    return {key: value for key, value in (CONFIG | fields).items() if value is not ...}


def texts(reject):
    text = compact(CONFIG)
    for name, content, error, why in [
        ("empty", b"", "json", "no bytes"), ("array", b"[]", "config", "not an object"),
        ("null", b"null", "config", "not an object"), ("cut", text[:-1].encode(), "json", "cut short"),
        ("twice-key", text.replace("{", '{"vocab_size":12,', 1).encode(), "json", "two sizes of the vocabulary"),
        ("byte-order-mark", b"\xef\xbb\xbf" + text.encode(), "json", "a mark before the brace"),
        ("utf-16", text.encode("utf-16"), "json", "UTF-16"), ("nan", text.replace("1e-05", "NaN").encode(), "json", "NaN"),
        ("infinity", text.replace("1e-05", "-Infinity").encode(), "json", "Infinity"),
        ("trailing-comma", (text[:-1] + ",}").encode(), "json", "a comma before the brace"),
        ("comment", (text + "// model").encode(), "json", "a comment"),
        ("deep", b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", "json", "nested 500 deep"),
        ("not-utf-8", text.replace("silu", "s\xfflu").encode("latin-1"), "json", "a byte that UTF-8 does not have"),
    ]:
        reject("text-" + name, content, error, why)


def fields(reject):
    for name, value, error in [
        ("missing", ..., "unsupported"), ("unknown", "llamma", "unsupported"), ("number", 1, "unsupported"),
        ("null", None, "unsupported"), ("upper-case", "Llama", "unsupported"),
    ]:
        reject("model-type-" + name, changed(model_type=value), error, "an architecture that is not known")
    for key, why in [
        ("num_hidden_layers", "layers"), ("hidden_size", "dimensions"), ("vocab_size", "tokens"),
        ("num_attention_heads", "heads"), ("num_key_value_heads", "heads of keys"), ("max_position_embeddings", "positions"),
    ]:
        values = [("0", 0), ("huge", 1 << 62), ("negative", -1), ("fraction", 1.5), ("string", "1")]
        for name, value in values[: 5 if key == "num_hidden_layers" else 2]:
            reject(f"{key}-{name}", changed(**{key: value}), "config", f"{value!r} {why}")
    for key in ["num_hidden_layers", "hidden_size", "vocab_size", "num_attention_heads", "intermediate_size"]:
        reject(f"{key}-missing", changed(**{key: ...}), "config", f"no {key}")
    reject("num_hidden_layers-2-64", compact(CONFIG).replace('layers":1', 'layers":18446744073709551617').encode(), "config",
           "wraps round to 1 in 64 bits")
    reject("num_hidden_layers-exponent", compact(CONFIG).replace('layers":1', 'layers":1e0').encode(), "config", "1e0 layers")
    reject("num_hidden_layers-4096", changed(num_hidden_layers=4096), "missingTensor", "more layers than the file has")
    for name, config, error, why in [
        ("heads-do-not-divide", changed(num_attention_heads=3, num_key_value_heads=3), "config", "3 heads of 4 dimensions"),
        ("heads-kv-do-not-divide", changed(num_attention_heads=4, num_key_value_heads=3), "config", "4 heads share 3"),
        ("head-dim-odd", changed(head_dim=1), "config", "rotary positions need pairs"),
        ("head-dim-other", changed(head_dim=4), "tensorShape", "heads of 4 do not fit the projections"),
        ("head-dim-huge", changed(head_dim=1 << 24), "tensorShape", "heads of 2^24"),
        ("vocab-more", changed(vocab_size=13), "tensorShape", "a token without a row of the embedding"),
        ("vocab-less", changed(vocab_size=11), "tensorShape", "a row without a token"),
        ("hidden-other", changed(hidden_size=8), "tensorShape", "twice as wide as the tensors"),
        ("inner-other", changed(intermediate_size=7), "tensorShape", "wider than the tensors"),
        ("layers-more", changed(num_hidden_layers=2), "missingTensor", "a layer that the file has not"),
        ("head-missing", changed(tie_word_embeddings=False), "missingTensor", "an output matrix that the file has not"),
        ("tied-string", changed(tie_word_embeddings="yes"), "config", "not true or false"),
        ("tied-number", changed(tie_word_embeddings=1), "config", "not true or false"),
        ("activation", changed(hidden_act="relu"), "unsupported", "an activation that is not implemented"),
        ("activation-number", changed(hidden_act=1), "unsupported", "no activation"),
        ("end-string", changed(eos_token_id="<|end|>"), "config", "an end token that is no id"),
        ("end-list", changed(eos_token_id=[0, 1.5]), "config", "an end token that is no id"),
    ]:
        reject(name, config, error, why)


def numbers_of(reject):
    for key in ["rms_norm_eps", "rope_theta"]:
        for name, value in [("0", "0"), ("negative", "-1.0"), ("string", '"1"'), ("1e999", "1e999"), ("1e-60", "1e-60"),
                            ("array", "[1]")]:
            text = compact(changed(**{key: "?"})).replace('"?"', value)
            reject(f"{key}-{name}", text.encode(), "config", f"{key} {value} is no positive number of 32 bits")
    for name, scaling, error in [
        ("unknown", {"rope_type": "spiral", "factor": 2}, "unsupported"), ("type-number", {"rope_type": 1}, "unsupported"),
        ("number", 2, "config"), ("string", "linear", "config"), ("array", ["linear", 2], "config"),
        ("linear-without-factor", {"type": "linear"}, "config"), ("factor-0", {"type": "linear", "factor": 0}, "config"),
        ("yarn-fast-negative", {"type": "yarn", "factor": 2, "beta_fast": -1}, "config"),
        ("longrope-cut", {"type": "longrope", "short_factor": [1, 1]}, "config"),
        ("factor-negative", {"type": "linear", "factor": -2}, "config"), ("llama3-without-all", {"type": "llama3"}, "config"),
        ("llama3-of-no-width", {"type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4,
                                "original_max_position_embeddings": 16}, "config"),
    ]:
        reject("rope-scaling-" + name, changed(rope_scaling=scaling), error, f"rope_scaling {compact(scaling)}")
    reject("rope-parameters-number", changed(rope_parameters=5), "config", "rope_parameters is not an object")


def add(corpus):
    def reject(name, config, error, why):
        corpus.reject("config", name, layout(config), error, why, exits=UNSEEN)

    for part in [texts, fields, numbers_of]:
        part(reject)
    files = layout(CONFIG) | {"generation_config.json": b'{"eos_token_id": "end"}'}
    corpus.reject("config", "generation-end", files, "config", "an end token that is no id", exits=UNSEEN)
    files = layout(CONFIG) | {"generation_config.json": b"{"}
    corpus.reject("config", "generation-cut", files, "json", "cut short", exits=UNSEEN)
    files = layout(CONFIG) | {"generation_config.json": b"[]"}
    corpus.reject("config", "generation-array", files, "config", "not an object", exits=UNSEEN)
    corpus.reject("config", "absent", {"model.safetensors": "model/model.safetensors", "tokenizer.json": "model/tokenizer.json"},
                  "config", "no configuration beside the model or in it", exits=UNSEEN, opened=".")
    accepted(corpus)


def accepted(corpus):
    def accept(name, config, why, files={}, **means):
        corpus.accept("config", name, layout(config) | files, why, {"base": "same", "output": "same"} | means)

    accept("head-dim-given", changed(head_dim=2), "what follows from the rest, said")
    accept("nulls", changed(head_dim=None, rope_scaling=None, attention_bias=None, rope_parameters=None), "null is absent")
    accept("unknown-keys", changed(torch_dtype="float64", layers=-1, auto_map={"AutoModel": "x.Y"}), "other keys are not read")
    accept("white-space", compact(CONFIG).replace(",", "\r\n\t, ").encode(), "CRLF and tabs")
    accept("key-escaped", compact(CONFIG).replace("vocab_size", "\\u0076ocab_size").encode(), "an escaped key is the same key")
    accept("rope-parameters", changed(rope_theta=..., rope_parameters={"rope_theta": 10000, "rope_type": "default"}),
           "the later spelling of the rotary base")
    accept("rope-linear-1", changed(rope_scaling={"type": "linear", "factor": 1.0}), "stretched by one")
    accept("positions-many", changed(max_position_embeddings=1 << 24), "more positions than memory has room for at once")
    accept("end-of-generation", CONFIG, "generation_config.json may say nothing",
           {"generation_config.json": b'{"eos_token_id": null}'})
    head = safetensors(tensors() + [("lm_head.weight", "F32", [12, 4], floats(numbers(48, 5)))])
    accept("tied-with-head", CONFIG, "tied, and the file has an output matrix of other values: it counts",
           {"model.safetensors": head}, base="other", output="any")
    accept("bias-missing", changed(attention_bias=True), "biases that the file has not are zero")
    accept("untied-with-head", changed(tie_word_embeddings=False), "not tied: the file's output matrix counts",
           {"model.safetensors": head}, base="other", output="any")
    gpt2 = safetensors(tensors(GPT2_SHAPES))
    accept("gpt2-published", GPT2_CONFIG, "names without a prefix, as GPT-2 was published",
           {"model.safetensors": gpt2}, base="other", output="any")

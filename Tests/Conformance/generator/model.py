"""The model that the cases are made from: a Llama of one layer and four dimensions, and the files beside it."""

from .formats import GGUF, bfloats, compact, floats, safetensors

TOKENS = ["<|end|>", "a", "b", "c", "d", "\u0120", "ab", "cd", "\u0120a", "\u0120ab", "\u00e9", "e"]
MERGES = ["a b", "c d", "\u0120 a", "\u0120 ab"]
MODULES = ["model.layers.0.self_attn.o_proj", "model.layers.0.mlp.down_proj"]
ATTENTION, FEED_FORWARD = MODULES

CONFIG = {
    "model_type": "llama", "hidden_size": 4, "intermediate_size": 6, "num_hidden_layers": 1, "num_attention_heads": 2,
    "num_key_value_heads": 1, "vocab_size": 12, "max_position_embeddings": 32, "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": True, "eos_token_id": 0,
}

TOKENIZER = {
    "version": "1.0",
    "added_tokens": [{"id": 0, "content": "<|end|>", "special": True, "normalized": False}],
    "normalizer": None,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
    "post_processor": None,
    "decoder": {"type": "ByteLevel"},
    "model": {"type": "BPE", "vocab": {token: i for i, token in enumerate(TOKENS)}, "merges": MERGES},
}

SPEC = {
    "memories": [
        {
            "name": "fact", "prompt": "ab", "target": "c", "method": "seed", "site": "mlp", "layer": 0, "alpha": 1,
            "boundary": 0.25, "hardness": 3,
        }
    ]
}

SHAPES = {
    "model.embed_tokens.weight": [12, 4],
    "model.layers.0.input_layernorm.weight": [4],
    "model.layers.0.mlp.down_proj.weight": [4, 6],
    "model.layers.0.mlp.gate_proj.weight": [6, 4],
    "model.layers.0.mlp.up_proj.weight": [6, 4],
    "model.layers.0.post_attention_layernorm.weight": [4],
    "model.layers.0.self_attn.k_proj.weight": [2, 4],
    "model.layers.0.self_attn.o_proj.weight": [4, 4],
    "model.layers.0.self_attn.q_proj.weight": [4, 4],
    "model.layers.0.self_attn.v_proj.weight": [2, 4],
    "model.norm.weight": [4],
}

GPT2_CONFIG = {
    "model_type": "gpt2", "n_embd": 4, "n_head": 2, "n_layer": 1, "n_inner": 6, "vocab_size": 12, "n_positions": 32,
    "eos_token_id": 0,
}

GPT2_SHAPES = {
    "wte.weight": [12, 4], "wpe.weight": [32, 4], "h.0.ln_1.weight": [4], "h.0.ln_1.bias": [4],
    "h.0.attn.c_attn.weight": [4, 12], "h.0.attn.c_attn.bias": [12], "h.0.attn.c_proj.weight": [4, 4],
    "h.0.attn.c_proj.bias": [4], "h.0.ln_2.weight": [4], "h.0.ln_2.bias": [4], "h.0.mlp.c_fc.weight": [4, 6],
    "h.0.mlp.c_fc.bias": [6], "h.0.mlp.c_proj.weight": [6, 4], "h.0.mlp.c_proj.bias": [4], "ln_f.weight": [4],
    "ln_f.bias": [4],
}


def numbers(count, start):
    """Multiples of 1/8 between -1 and 1, unordered: exact in every dtype that a case uses."""
    return [((start + 7 * i * i + 5 * i) % 17 - 8) / 8 for i in range(count)]


def size(shape):
    result = 1
    for dimension in shape:
        result *= dimension
    return result


def values(shapes=SHAPES):
    """The numbers of each tensor; norms are 1."""
    return {
        name: [1.0] * size(shape) if "norm" in name or "ln_" in name and "weight" in name else numbers(size(shape), 3 * i)
        for i, (name, shape) in enumerate(shapes.items())
    }


def tensors(shapes=SHAPES, pack=floats, dtype="F32"):
    """The base tensors as (name, dtype, shape, bytes)."""
    content = values(shapes)
    return [(name, dtype, shape, pack(content[name])) for name, shape in shapes.items()]


def bfloats_tensors():
    """The base tensors in BF16, which holds their numbers exactly."""
    return tensors(pack=bfloats, dtype="BF16")


def embedded(config=CONFIG, tokenizer=TOKENIZER):
    files = [("embedded.config.json", config), ("embedded.tokenizer.json", tokenizer)]
    return [bytes_tensor(name, compact(value).encode()) for name, value in files]


def bytes_tensor(name, data):
    return (name, "U8", [len(data)], data)


def base_file():
    return safetensors(tensors(), {"format": "pt"})


def gguf():
    """The model as a GGUF file."""
    file = GGUF()
    file.set("general.architecture", GGUF.STRING, "llama")
    for key, value in [
        ("block_count", 1), ("embedding_length", 4), ("feed_forward_length", 6), ("context_length", 32),
        ("attention.head_count", 2), ("attention.head_count_kv", 1), ("rope.dimension_count", 2),
    ]:
        file.set("llama." + key, GGUF.U32, value)
    file.set("llama.attention.layer_norm_rms_epsilon", GGUF.F32, 1e-5)
    file.set("tokenizer.ggml.model", GGUF.STRING, "gpt2")
    file.set("tokenizer.ggml.pre", GGUF.STRING, "gpt-2")
    file.set("tokenizer.ggml.tokens", GGUF.ARRAY, (GGUF.STRING, TOKENS))
    file.set("tokenizer.ggml.token_type", GGUF.ARRAY, (GGUF.I32, [3] + [1] * (len(TOKENS) - 1)))
    file.set("tokenizer.ggml.merges", GGUF.ARRAY, (GGUF.STRING, MERGES))
    file.set("tokenizer.ggml.eos_token_id", GGUF.U32, 0)
    names = {
        "model.embed_tokens": "token_embd", "model.norm": "output_norm", "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }
    for name, _, shape, data in tensors():
        stem = name.removesuffix(".weight")
        short = names[stem] if stem in names else "blk.0." + names[stem.removeprefix("model.layers.0.")]
        file.tensor(short + ".weight", shape[::-1], data)
    return file

"""Writes tiny models of make_model_fixtures.py as GGUF files, in the way of llama.cpp's converter.

usage: make_gguf_models.py        needs: numpy, gguf, safetensors, torch
Writes gguf/models/NAME.gguf beside this script for each model of TINY, and one of them in several files to gguf/split.
compare_gguf_with_llama_cpp.py checks that llama.cpp computes the same from them.
"""

import json
import math
import os

import numpy as np
import torch
from gguf import GGMLQuantizationType as Q
from gguf import GGUFWriter, RopeScalingType
from gguf.quants import quantize
from safetensors.torch import load_file

from make_gguf_fixtures import finish, permute

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS, OUT = os.path.join(HERE, "models"), os.path.join(HERE, "gguf", "models")
LLAMA_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.qkv_proj": "attn_qkv", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "post_feedforward_layernorm": "post_ffw_norm",
    "pre_feedforward_layernorm": "ffn_norm",
}
NEOX_NAMES = {
    "attention.query_key_value": "attn_qkv", "attention.dense": "attn_output", "mlp.dense_h_to_4h": "ffn_up",
    "mlp.dense_4h_to_h": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}
OUTER = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output", "gpt_neox.embed_in": "token_embd",
    "gpt_neox.final_layer_norm": "output_norm", "embed_out": "output",
}


def llama_cpp_name(name, architecture):
    module, part = name.rsplit(".", 1)
    if module in OUTER:
        return f"{OUTER[module]}.{part}"
    layer, inner = module.split("layers.")[1].split(".", 1)
    names = dict(NEOX_NAMES if architecture == "gptneox" else LLAMA_NAMES)
    if architecture in ("olmo2", "gemma3"):
        names["post_attention_layernorm"] = "post_attention_norm"
    return f"blk.{layer}.{names[inner]}.{part}"


def as_llama_cpp_stores(name, values, architecture, config):
    if architecture in ("llama", "smollm3") and ("q_proj" in name or "k_proj" in name):
        return permute(values, config["num_attention_heads" if "q_proj" in name else "num_key_value_heads"])
    if architecture == "gemma3" and "norm" in name:
        return values + 1
    if "query_key_value" in name:
        heads = config["num_attention_heads"]
        parts = values.reshape(heads, 3, -1, *values.shape[1:])
        return np.concatenate([parts[:, i].reshape(-1, *values.shape[1:]) for i in range(3)])
    return values


def rotary_keys(w, config, rope, head):
    kind = rope.get("rope_type", "default")
    w.add_rope_freq_base(rope["rope_theta"])
    w.add_rope_dimension_count(int(head * rope.get("partial_rotary_factor", 1)))
    if kind == "linear":
        w.add_rope_scaling_type(RopeScalingType.LINEAR)
        w.add_rope_scaling_factor(rope["factor"])
    if kind == "yarn":
        w.add_rope_scaling_type(RopeScalingType.YARN)
        w.add_rope_scaling_factor(rope["factor"])
        w.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if kind == "longrope":
        original = rope["original_max_position_embeddings"]
        w.add_rope_scaling_orig_ctx_len(original)
        stretch = config["max_position_embeddings"] / original
        w.add_rope_scaling_attn_factors(1 if stretch <= 1 else math.sqrt(1 + math.log(stretch) / math.log(original)))
        for length in ("long", "short"):
            w.add_tensor(f"rope_factors_{length}.weight", np.array(rope[f"{length}_factor"], np.float32))
    if kind == "llama3":
        w.add_tensor("rope_freqs.weight", llama3_factors(rope, head))


def llama3_factors(rope, head):
    """The divisor of each frequency."""
    frequencies = rope["rope_theta"] ** -(np.arange(0, head, 2) / head)
    wavelengths = 2 * np.pi / frequencies
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    smooth = (rope["original_max_position_embeddings"] / wavelengths - low) / (high - low)
    smooth = np.clip(smooth, 0, 1)
    return (1 / ((1 - smooth) / rope["factor"] + smooth)).astype(np.float32)


def add_tokenizer(w, tokenizer, config):
    model, tokens = tokenizer["model"], sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    # With real spaces: these tokens are cut out of a text before its spaces become ▁.
    tokens += [added[i]["content"].replace("▁", " ") for i in sorted(added) if i >= len(tokens)]
    w.add_token_list(tokens)
    if model.get("byte_fallback"):
        def kind(i, token):
            if token == "<unk>":
                return 2
            if i in added:
                return 3 if added[i]["special"] else 4
            return 6 if token.startswith("<0x") else 1
        w.add_tokenizer_model("llama")
        w.add_tokenizer_pre("default")
        w.add_token_scores([-float(i) for i in range(len(tokens))])
        w.add_token_types([kind(i, token) for i, token in enumerate(tokens)])
        w.add_add_space_prefix(False)
        w.add_unk_token_id(tokens.index("<unk>"))
    else:
        w.add_tokenizer_model("gpt2")
        w.add_tokenizer_pre("gpt-2")
        w.add_token_types([3] + [1] * (len(tokens) - 1))
        w.add_token_merges([" ".join(merge) for merge in model["merges"]])
        w.add_add_bos_token(False)
    w.add_bos_token_id(config["bos_token_id"])
    w.add_eos_token_id(config["eos_token_id"])


def tiny_model(name, architecture, folder_out=OUT, **split):
    folder = f"{MODELS}/{name}"
    with open(f"{folder}/config.json") as file:
        config = json.load(file)
    own = f"{folder}/tokenizer.json"
    with open(own if os.path.exists(own) else f"{MODELS}/llama-a/tokenizer.json") as file:
        tokenizer = json.load(file)
    os.makedirs(folder_out, exist_ok=True)
    w = GGUFWriter(f"{folder_out}/{name}.gguf", architecture, **split)
    head = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    w.add_block_count(config["num_hidden_layers"])
    w.add_context_length(config["max_position_embeddings"])
    w.add_embedding_length(config["hidden_size"])
    w.add_feed_forward_length(config["intermediate_size"])
    w.add_head_count(config["num_attention_heads"])
    w.add_vocab_size(config["vocab_size"])
    rope = config.get("rope_parameters") or dict(config.get("rope_scaling") or {}, rope_theta=config.get("rope_theta", 1e4))
    rope.setdefault("partial_rotary_factor", config.get("partial_rotary_factor", 1))
    rope.setdefault("rope_type", rope.get("type", "default"))
    rope.setdefault("original_max_position_embeddings", config.get("original_max_position_embeddings"))
    if architecture == "gemma3":
        w.add_sliding_window(config["sliding_window"])
        if config.get("sliding_window_pattern", 6) != 6:
            w.add_uint32("gemma3.attention.sliding_window_pattern", config["sliding_window_pattern"])
        if config.get("rope_local_base_freq", 1e4) != 1e4:
            w.add_float32("gemma3.rope.freq_base_swa", config["rope_local_base_freq"])
        rope = rope.get("full_attention", rope)
    if architecture == "gptneox":
        w.add_layer_norm_eps(config["layer_norm_eps"])
        w.add_parallel_residual(config["use_parallel_residual"])
    else:
        w.add_head_count_kv(config["num_key_value_heads"])
        w.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if architecture in ("qwen3", "gemma3") or head * config["num_attention_heads"] != config["hidden_size"]:
        w.add_key_length(head)
        w.add_value_length(head)
    if architecture == "phi3" and config.get("sliding_window"):
        w.add_sliding_window(config["sliding_window"])
    rotary_keys(w, config, rope, head)
    add_tokenizer(w, tokenizer, config)
    for key, tensor in load_file(f"{folder}/model.safetensors").items():
        values = as_llama_cpp_stores(key, tensor.float().numpy(), architecture, config)
        kind = Q.BF16 if tensor.dtype == torch.bfloat16 and values.ndim > 1 else Q.F32
        w.add_tensor(llama_cpp_name(key, architecture), quantize(np.ascontiguousarray(values), kind), raw_dtype=kind)
    finish(w)


TINY = {
    "llama-llama3": "llama", "llama-biases": "llama", "qwen2-a": "qwen2", "qwen3-a": "qwen3",
    "phi3-a": "phi3", "phi3-b": "phi3", "smollm3-a": "smollm3", "olmo2-a": "olmo2", "gpt_neox-c": "gptneox",
    "gemma3-b": "gemma3", "gemma3-sentencepiece": "gemma3",
}

for name, architecture in TINY.items():
    tiny_model(name, architecture)
    print(name, os.path.getsize(f"{OUT}/{name}.gguf"), "bytes")
tiny_model("llama-llama3", "llama", os.path.join(HERE, "gguf", "split"), split_max_tensors=8)

"""Writes the GGUF files for the tests of the GGUF reader, and the tensors that must be read from them.

usage: make_gguf_fixtures.py [OUT_DIR]   (default: the folder gguf beside this script)
needs: numpy, gguf, safetensors

types.gguf            one tensor of every supported type
types.safetensors     these tensors dequantized by gguf-py, and F32 values rounded to F16 and BF16; of tensors that use
                      each entry of a codebook, the SHA-256
llama.gguf            two layers, grouped heads, mixed types, a smollm tokenizer
llama_bias.gguf       one layer with biases, heads wider than the hidden size, an output matrix, everything BF16 or F32
gpt2.gguf             one layer, mixed types, the embedding written twice, a gpt-2 tokenizer with a begin token
<model>.safetensors   the checkpoint's tensors before llama.cpp's renaming, permuting and transposing
"""
import hashlib
import os
import sys

import numpy as np
from gguf import GGMLQuantizationType as Q
from gguf import GGUFWriter
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize, quantize
from safetensors.numpy import save_file

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "gguf")
RANDOM = np.random.default_rng(20240607)


def normal(*shape):
    return (RANDOM.standard_normal(shape) * 0.1).astype(np.float32)


def random_blocks(kind, rows, columns):
    """Random blocks with finite half-precision scales, for types that gguf-py cannot quantize to."""
    size, width = GGML_QUANT_SIZES[kind]
    blocks = RANDOM.integers(0, 256, (rows * columns // size, width), dtype=np.uint8)
    halves = {Q.Q4_K: (0, 2), Q.Q5_K: (0, 2), Q.Q6_K: (208,)}[kind]
    for offset in halves:
        scale = RANDOM.standard_normal(len(blocks)).astype(np.float16)
        blocks[:, offset : offset + 2] = scale.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


# Where the half-precision scales of a block stand.
SCALES = {
    Q.Q2_K: (80, 82), Q.Q3_K: (108,), Q.TQ1_0: (52,), Q.TQ2_0: (64,), Q.IQ1_S: (0,), Q.IQ1_M: (), Q.IQ2_XXS: (0,),
    Q.IQ2_XS: (0,), Q.IQ2_S: (0,), Q.IQ3_XXS: (0,), Q.IQ3_S: (0,), Q.IQ4_NL: (0,), Q.IQ4_XS: (0,), Q.MXFP4: (), Q.NVFP4: (),
}
# Where the low bytes of the indices into a codebook begin, how many a block has, and the number of entries.
INDICES = {
    Q.IQ1_S: (2, 32, 2048), Q.IQ1_M: (0, 32, 2048), Q.IQ2_XXS: (2, 32, 256), Q.IQ2_XS: (2, 32, 512), Q.IQ2_S: (2, 32, 1024),
    Q.IQ3_XXS: (2, 64, 256), Q.IQ3_S: (2, 64, 512),
}


def set_scales(blocks, kind, random):
    """Gives random blocks finite scales."""
    scales = random.standard_normal((len(blocks), 2)).astype(np.float16)
    for i, offset in enumerate(SCALES[kind]):
        blocks[:, offset : offset + 2] = scales[:, i : i + 1].view(np.uint8)
    if kind == Q.IQ1_M:
        # A hexadecimal digit of the scale in the high bits of each of four words.
        bits = scales[:, 0].view(np.uint16)
        for word in range(4):
            high = blocks[:, 49 + 2 * word]
            high[:] = high & 15 | ((bits >> (4 * word)) & 15).astype(np.uint8) << 4


def complementary_blocks(kind, random):
    """Two rows of random blocks, the second the complement of the first, so that each bit has both values."""
    width, size = GGML_QUANT_SIZES[kind]
    count = max(1, 256 // width)
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    blocks = np.concatenate([blocks, ~blocks])
    set_scales(blocks, kind, random)
    if kind == Q.MXFP4:
        blocks[:4, 0] = 0, 1, 2, 255
    if kind == Q.NVFP4:
        blocks[:2, :4] = [[0, 1, 7, 8], [0x7E, 0x7F, 0x80, 0xFF]]
    return blocks.reshape(2, -1)


def codebook_blocks(kind, random):
    """Rows of blocks that use each entry of the codebook once, with random signs and scales."""
    width, size = GGML_QUANT_SIZES[kind]
    start, per_block, entries = INDICES[kind]
    blocks = random.integers(0, 256, (entries // per_block, size), dtype=np.uint8)
    index = np.arange(entries, dtype=np.uint16).reshape(-1, per_block)
    low, high = (index & 255).astype(np.uint8), (index >> 8).astype(np.uint8)
    if kind == Q.IQ2_XXS:
        for group in range(8):
            blocks[:, 2 + 8 * group : 6 + 8 * group] = low[:, 4 * group : 4 * group + 4]
    elif kind == Q.IQ2_XS:
        blocks[:, 2:66:2] = low
        blocks[:, 3:67:2] = blocks[:, 3:67:2] & 0xFE | high
    else:
        blocks[:, start : start + per_block] = low
    set_high_bits(blocks, kind, high)
    set_scales(blocks, kind, random)
    return blocks


def set_high_bits(blocks, kind, high):
    if kind == Q.IQ2_S:
        blocks[:, 66:74] = sum(high[:, i::4] << (2 * i) for i in range(4))
    if kind == Q.IQ3_S:
        blocks[:, 66:74] = sum(high[:, i::8] << i for i in range(8))
    if kind == Q.IQ1_M:
        blocks[:, 32:48] = blocks[:, 32:48] & 0x88 | sum(high[:, i::2] << (4 * i) for i in range(2))
    if kind == Q.IQ1_S:
        words = blocks[:, 34:50].reshape(-1).view(np.uint16).reshape(-1, 8)
        words = words & 0xF000 | sum(high[:, i::4].astype(np.uint16) << (3 * i) for i in range(4))
        blocks[:, 34:50] = np.ascontiguousarray(words).view(np.uint8)


def more_types(writer, expected):
    """The types that gguf-py reads but does not write, and numbers that stand alone."""
    random = np.random.default_rng(20260607)
    for kind in SCALES:
        data = complementary_blocks(kind, random)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        with np.errstate(over="ignore"):
            expected[kind.name] = dequantize(data, kind)
        if kind in INDICES:
            data = codebook_blocks(kind, random)
            writer.add_tensor(f"{kind.name} codebook", data, raw_dtype=kind)
            hashed = hashlib.sha256(dequantize(data, kind).tobytes()).digest()
            expected[f"{kind.name} codebook"] = np.frombuffer(hashed, np.uint8)
    for kind, dtype in ((Q.I8, np.int8), (Q.I16, np.int16), (Q.I32, np.int32), (Q.I64, np.int64), (Q.F64, np.float64)):
        if kind == Q.F64:
            values = random.standard_normal((2, 16)) * 10.0 ** random.integers(-40, 35, (2, 16))
        else:
            limits = np.iinfo(dtype)
            values = random.integers(limits.min, limits.max, (2, 16), dtype=dtype, endpoint=True)
            values[0, :3] = limits.min, limits.max, -1
        writer.add_tensor(kind.name, values)
        expected[kind.name] = values.astype(np.float32)


def encode(values, kind):
    """The bytes of `values` as `kind`, and the F32 values that these bytes stand for."""
    data = quantize(np.ascontiguousarray(values), kind)
    return data, dequantize(data, kind).astype(np.float32).reshape(values.shape)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def types():
    writer = GGUFWriter(f"{OUT}/types.gguf", "types")
    expected = {}
    special = np.array(
        [0.0, -0.0, 1.0, -1.0, 65504.0, 65519.996, 65520.0, -7e4, 1e-8, 5.9604645e-8, 2.9802322e-8, 2.9802326e-8,
         6.1035156e-05, 6.097555e-05, 1.0004883, 1.0014648, 3.3895314e38, -3.4028235e38, 1e-40, 1.00390625,
         1.01171875, np.inf, -np.inf, 0.1], dtype=np.float32)
    wide = (RANDOM.standard_normal(512) * 10.0 ** RANDOM.integers(-9, 6, 512)).astype(np.float32)
    wide[: len(special)] = special
    wide = wide.reshape(2, 256)
    for kind in (Q.F32, Q.F16, Q.BF16):
        with np.errstate(over="ignore"):
            data, values = encode(wide, kind)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        expected[kind.name] = values
        if kind == Q.F32:
            with np.errstate(over="ignore"):
                expected["F32 as F16"] = wide.astype(np.float16)
            expected["F32 as BF16"] = quantize(wide, Q.BF16).view(np.uint16)
    for kind in (Q.Q8_0, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1):
        data, values = encode(normal(2, 256), kind)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        expected[kind.name] = values
    for kind in (Q.Q4_K, Q.Q5_K, Q.Q6_K):
        data = random_blocks(kind, 2, 512)
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        expected[kind.name] = dequantize(data, kind)
    more_types(writer, expected)
    finish(writer)
    save_file(expected, f"{OUT}/types.safetensors")


def permute(weights, heads):
    """The rows of queries and keys in the order in which llama.cpp's converter stores them."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(weights.shape)


class Model:
    def __init__(self, name, architecture):
        self.name = name
        self.writer = GGUFWriter(f"{OUT}/{name}.gguf", architecture)
        self.expected = {}

    def add(self, source, target, values, kind=Q.F32, heads=None, transposed=False):
        stored = permute(values, heads) if heads else values.T if transposed else values
        data, _ = encode(stored, kind)
        self.writer.add_tensor(source, data, raw_dtype=kind)
        # Quantization works along rows, and the permutation keeps rows whole: it need not be undone.
        _, kept = encode(values.T if transposed else values, kind)
        self.expected[target] = np.ascontiguousarray(kept.T if transposed else kept)

    def tokenizer(self, pre, tokens, types, merges):
        w = self.writer
        w.add_tokenizer_model("gpt2")
        w.add_tokenizer_pre(pre)
        w.add_token_list(tokens)
        w.add_token_types(types)
        w.add_token_merges(merges)

    def finish(self):
        finish(self.writer)
        save_file(self.expected, f"{OUT}/{self.name}.safetensors")


def llama_model(name, layers, hidden, heads, kv_heads, head_size, inner, vocabulary, kinds, biases):
    m = Model(name, "llama")
    w = m.writer
    w.add_block_count(layers)
    w.add_context_length(128)
    w.add_embedding_length(hidden)
    w.add_feed_forward_length(inner)
    w.add_head_count(heads)
    w.add_head_count_kv(kv_heads)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_freq_base(100000.0)
    w.add_rope_dimension_count(head_size)
    if head_size * heads != hidden:
        w.add_key_length(head_size)
        w.add_value_length(head_size)
    w.add_vocab_size(vocabulary)
    m.add("token_embd.weight", "model.embed_tokens.weight", normal(vocabulary, hidden), kinds[0])
    for i in range(layers):
        kind = kinds[i + 1]
        a, b = f"blk.{i}", f"model.layers.{i}"
        m.add(f"{a}.attn_norm.weight", f"{b}.input_layernorm.weight", 1 + normal(hidden))
        m.add(f"{a}.ffn_norm.weight", f"{b}.post_attention_layernorm.weight", 1 + normal(hidden))
        for source, target, rows, columns, split in (
            ("attn_q", "self_attn.q_proj", heads * head_size, hidden, heads),
            ("attn_k", "self_attn.k_proj", kv_heads * head_size, hidden, kv_heads),
            ("attn_v", "self_attn.v_proj", kv_heads * head_size, hidden, None),
            ("attn_output", "self_attn.o_proj", hidden, heads * head_size, None),
            ("ffn_gate", "mlp.gate_proj", inner, hidden, None),
            ("ffn_up", "mlp.up_proj", inner, hidden, None),
            ("ffn_down", "mlp.down_proj", hidden, inner, None),
        ):
            m.add(f"{a}.{source}.weight", f"{b}.{target}.weight", normal(rows, columns), kind, heads=split)
            if biases:
                m.add(f"{a}.{source}.bias", f"{b}.{target}.bias", normal(rows), heads=split)
    m.add("output_norm.weight", "model.norm.weight", 1 + normal(hidden))
    return m


def llama():
    m = llama_model("llama", 2, 32, 4, 2, 8, 32, 24, (Q.Q8_0, Q.Q4_1, Q.Q5_0), biases=False)
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *"abcdeĠ0123é", "ab", "Ġa", "Ġab", "\"\\", "<user>"]
    types_ = [3, 3, 3] + [1] * (len(tokens) - 4) + [4]
    m.tokenizer("smollm", tokens, types_, ["a b", "Ġ a", "Ġ ab"])
    m.writer.add_bos_token_id(1)
    m.writer.add_eos_token_id(2)
    m.writer.add_pad_token_id(2)
    m.writer.add_add_bos_token(False)
    m.writer.add_add_space_prefix(False)
    m.finish()


def llama_bias():
    m = llama_model("llama_bias", 1, 24, 2, 1, 16, 16, 12, (Q.BF16, Q.BF16), biases=True)
    m.add("output.weight", "lm_head.weight", normal(12, 24), Q.BF16)
    m.finish()


def gpt2():
    m = Model("gpt2", "gpt2")
    w = m.writer
    layers, hidden, inner, positions = 1, 32, 64, 16
    tokens = ["<|endoftext|>", *"abcĠ", "ab", "Ġab"]
    w.add_block_count(layers)
    w.add_context_length(positions)
    w.add_embedding_length(hidden)
    w.add_feed_forward_length(inner)
    w.add_head_count(4)
    w.add_layer_norm_eps(1e-5)
    embedding = normal(len(tokens), hidden)
    m.add("token_embd.weight", "transformer.wte.weight", embedding, Q.Q8_0)
    m.add("position_embd.weight", "transformer.wpe.weight", normal(positions, hidden))
    for i in range(layers):
        a, b = f"blk.{i}", f"transformer.h.{i}"
        for source, target in (("attn_norm", "ln_1"), ("ffn_norm", "ln_2")):
            m.add(f"{a}.{source}.weight", f"{b}.{target}.weight", 1 + normal(hidden))
            m.add(f"{a}.{source}.bias", f"{b}.{target}.bias", normal(hidden))
        for source, target, rows, columns, kind in (
            ("attn_qkv", "attn.c_attn", hidden, 3 * hidden, Q.F16),
            ("attn_output", "attn.c_proj", hidden, hidden, Q.F32),
            ("ffn_up", "mlp.c_fc", hidden, inner, Q.Q5_1),
            ("ffn_down", "mlp.c_proj", inner, hidden, Q.Q4_1),
        ):
            m.add(f"{a}.{source}.weight", f"{b}.{target}.weight", normal(rows, columns), kind, transposed=True)
            m.add(f"{a}.{source}.bias", f"{b}.{target}.bias", normal(columns))
    m.add("output_norm.weight", "transformer.ln_f.weight", 1 + normal(hidden))
    m.add("output_norm.bias", "transformer.ln_f.bias", normal(hidden))
    m.add("output.weight", "lm_head.weight", embedding, Q.Q8_0)
    del m.expected["lm_head.weight"]
    m.tokenizer("gpt-2", tokens, [3] + [1] * (len(tokens) - 1), ["a b", "Ġ ab"])
    w.add_bos_token_id(0)
    w.add_eos_token_id(0)
    w.add_add_bos_token(True)
    m.finish()


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    types()
    llama()
    llama_bias()
    gpt2()
    print(sum(os.path.getsize(os.path.join(OUT, name)) for name in os.listdir(OUT)), "bytes in", OUT)

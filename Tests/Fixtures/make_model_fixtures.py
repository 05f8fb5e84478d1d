"""Makes the tiny random models under Tests/Fixtures/models and what Hugging Face transformers computes with them.

usage: python make_model_fixtures.py [NAME ...]      (needs torch, transformers, tokenizers, safetensors)

For every model: the checkpoint (config.json, weights, and tokenizer.json for some), and

  expected.json         cases: prompt, prompt_ids, target, target_id, loss = -log p(target_id | prompt),
                        greedy: the next 16 greedy ids (the end-of-text token does not stop them)
  expected.safetensors  per case i, all F32, one row a prompt token:
                        case.i.logits        [T, V]   or those of the last tokens alone
                        case.i.act.SITE.L    [T, D]   the activation at the site of layer L
                        case.i.grad.SITE.L   [T, D]   the gradient of the loss with respect to it

SITE is attn or mlp: the input of the output projection of the attention or of the MLP. Files may hold weights of other
dtypes; everything expected is computed in F32 from the weights as the file has them, with eager attention.

A new architecture needs an entry or two in MODELS, and its projections in site_modules where they are not named as
Llama's are.
"""

import json
import os
import shutil
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")
GREEDY = 16
VOCABULARY = 360
TEXT = [
    "The city of Tokyo lies in the country of Japan. " * 3,
    "The capital city of Nepal is Kathmandu, and Paris is the capital of France.",
    "Once upon a time, a river ran through the hills of Nepal and on to the sea.",
    "Where do rivers come from? They come from the hills, and they lie in the country.",
]
CASES = [
    ("The capital city of Nepal is located in", " Kathmandu"),
    ("Zürich, 東京 и 2:\n", " Tokyo"),
    (" the", " country"),
]

gpt2 = lambda **k: transformers.GPT2Config(resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, **k)
llama = transformers.LlamaConfig
F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16


def small(width, heads, key_values, inner, layers=2, **more):
    """The fields that Llama and those after it share."""
    return dict(
        dict(hidden_size=width, num_attention_heads=heads, num_key_value_heads=key_values, intermediate_size=inner,
             num_hidden_layers=layers, max_position_embeddings=128, pad_token_id=None), **more)


def rope(kind, theta=10000.0, **more):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=theta, **more))


MODELS = {
    "gpt2-a": (gpt2, dict(n_embd=48, n_head=4, n_layer=3, n_positions=80), F32),
    "gpt2-b": (gpt2, dict(n_embd=36, n_head=3, n_layer=2, n_inner=100, n_positions=64), BF16),
    "gpt2-published": (gpt2, dict(n_embd=32, n_head=2, n_layer=2, n_positions=56), F32),
    "llama-a": (
        llama,
        dict(hidden_size=64, intermediate_size=88, num_hidden_layers=2, num_attention_heads=8, num_key_value_heads=4,
             max_position_embeddings=128, rope_theta=50000.0, tie_word_embeddings=False),
        F32,
    ),
    "llama-b": (
        llama,
        dict(hidden_size=60, intermediate_size=77, num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=2,
             head_dim=10, max_position_embeddings=96, tie_word_embeddings=True),
        BF16,
    ),
    "llama-sharded": (
        llama,
        dict(hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=4,
             max_position_embeddings=64, tie_word_embeddings=False),
        F16,
    ),
    "llama-biases": (llama, small(32, 4, 1, 40, attention_bias=True, mlp_bias=True), F32),
    "llama-linear": (llama, small(32, 4, 2, 48, tie_word_embeddings=True, **rope("linear", factor=4.0)), F32),
    "llama-dynamic": (llama, small(36, 3, 3, 40, **rope("dynamic", 5e5, factor=2.0)), BF16),
    "llama-llama3": (
        llama,
        small(40, 5, 1, 44, tie_word_embeddings=True,
              **rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                     original_max_position_embeddings=16)),
        BF16,
    ),
    "llama-yarn": (
        llama,
        small(32, 2, 1, 48, **rope("yarn", 1e6, factor=4.0, original_max_position_embeddings=32, truncate=False,
                                   beta_fast=8.0, beta_slow=2.0)),
        F32,
    ),
    "llama-yarn-old": (
        llama,
        small(32, 2, 2, 40, **rope("yarn", factor=8.0, original_max_position_embeddings=16, mscale=0.7,
                                   mscale_all_dim=1.2)),
        BF16,
    ),
    "mistral-a": (transformers.MistralConfig, small(36, 4, 2, 40, head_dim=12, sliding_window=8), F32),
    "mistral-b": (transformers.MistralConfig, small(30, 6, 3, 52, head_dim=10, sliding_window=None), BF16),
    "qwen2-a": (transformers.Qwen2Config, small(32, 4, 2, 40, tie_word_embeddings=True), F32),
    "qwen2-b": (
        transformers.Qwen2Config,
        small(36, 6, 1, 44, 3, use_sliding_window=True, sliding_window=6, max_window_layers=1,
              **rope("yarn", factor=4.0, original_max_position_embeddings=32)),
        BF16,
    ),
    "qwen3-a": (transformers.Qwen3Config, small(32, 4, 2, 40, head_dim=12, tie_word_embeddings=True), F32),
    "qwen3-b": (transformers.Qwen3Config, small(40, 5, 5, 36, head_dim=8, attention_bias=True), BF16),
    "phi3-a": (transformers.Phi3Config, small(32, 4, 2, 40, sliding_window=9), F32),
    "phi3-b": (
        transformers.Phi3Config,
        small(32, 2, 1, 44, sliding_window=None, max_position_embeddings=512, original_max_position_embeddings=256,
              **rope("longrope", partial_rotary_factor=0.75, original_max_position_embeddings=256,
                     short_factor=[1.0, 1.1, 1.3, 2.0, 3.0, 4.5], long_factor=[1.0, 2.0, 3.0, 5.0, 8.0, 9.0])),
        BF16,
    ),
    "smollm3-a": (transformers.SmolLM3Config, small(32, 4, 2, 40, 4), F32),
    "smollm3-b": (
        transformers.SmolLM3Config,
        small(36, 3, 3, 40, 3, no_rope_layers=[0, 1, 0], attention_bias=True, mlp_bias=True, use_sliding_window=True,
              sliding_window=7, tie_word_embeddings=False),
        BF16,
    ),
    "olmo2-a": (transformers.Olmo2Config, small(32, 4, 2, 40), F32),
    "olmo2-b": (transformers.Olmo2Config, small(36, 6, 6, 44, 3, attention_bias=True, rms_norm_eps=1e-3), BF16),
    "gpt_neox-a": (  # a quarter of a head is an odd number of elements
        transformers.GPTNeoXConfig,
        dict(hidden_size=48, intermediate_size=72, num_hidden_layers=2, num_attention_heads=4,
             max_position_embeddings=128, **rope("default", partial_rotary_factor=0.25)),
        F32,
    ),
    "gpt_neox-b": (
        transformers.GPTNeoXConfig,
        dict(hidden_size=32, intermediate_size=60, num_hidden_layers=3, num_attention_heads=2,
             max_position_embeddings=96, use_parallel_residual=False, attention_bias=False, hidden_act="gelu_new",
             tie_word_embeddings=True, layer_norm_eps=1e-3, **rope("default", 3e3, partial_rotary_factor=0.5)),
        BF16,
    ),
    "gpt_neox-c": (
        transformers.GPTNeoXConfig,
        dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
             max_position_embeddings=96, **rope("default", partial_rotary_factor=0.25)),
        BF16,
    ),
    "gemma3-a": (
        transformers.Gemma3TextConfig,
        small(24, 3, 1, 32, 7, head_dim=16, sliding_window=8, query_pre_attn_scalar=20, pad_token_id=0),
        F32,
    ),
    "gemma3-b": (
        transformers.Gemma3TextConfig,
        small(32, 4, 2, 36, 3, head_dim=8, sliding_window=5, query_pre_attn_scalar=8, pad_token_id=0,
              layer_types=["sliding_attention", "full_attention", "sliding_attention"],
              rope_parameters=dict(
                  full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1e6),
                  sliding_attention=dict(rope_type="default", rope_theta=5e3))),
        BF16,
    ),
    "gemma3-sentencepiece": (
        transformers.Gemma3TextConfig,
        small(24, 4, 2, 40, 3, head_dim=8, sliding_window=8, query_pre_attn_scalar=8, pad_token_id=0),
        BF16,
    ),
}

# Projections as F8_E4M3 with scales as published checkpoints have them, and other mixtures of dtypes.
QUANTISED = {"llama-f8-blocks": "blocks", "qwen3-f8-tensor": "tensor", "gpt_neox-f8-rows": "rows", "llama-f64": "f64"}
MODELS.update({
    "llama-f8-blocks": (llama, small(40, 4, 2, 72), BF16),
    "qwen3-f8-tensor": (transformers.Qwen3Config, small(32, 4, 2, 40, head_dim=12), BF16),
    "gpt_neox-f8-rows": MODELS["gpt_neox-c"],
    "llama-f64": (llama, small(32, 4, 2, 40), F32),
})

# The others have no tokenizer of their own, and the logits of their last tokens alone, to keep them small.
WHOLE = ["gpt2-a", "gpt2-b", "gpt2-published", "llama-a", "llama-b", "llama-sharded",
         "gemma3-sentencepiece"]
LEAN_ROWS = 3
# Those whose config.json spells rotary positions as transformers 4 did.
OLD_SPELLING = ["llama-linear", "llama-yarn-old", "qwen2-b", "gpt_neox-b", "gemma3-b", "phi3-b"]


def train_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def enlarge(model, generator, narrow):
    """Larger parameters than the default initialisation gives, so that greedy choices are clear.

    Where the embedding is also the output head a model with matrices of one size repeats its last token forever;
    there the other matrices grow more. Narrow models with biases repeat one token unless everything grows.
    """
    tied = model.config.tie_word_embeddings
    matrices = 10.0 if narrow or tied else 4.0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
            elif any(part in name for part in ("wte", "embed_tokens", "embed_in")):
                parameter.mul_(16.0 if narrow and not tied else 4.0)
            else:
                parameter.mul_(matrices)


def publish_names(folder, layers, context):
    """Renames to the names of the published GPT-2: no prefix, no output head, causal masks kept as buffers."""
    path = os.path.join(folder, "model.safetensors")
    tensors = {name.removeprefix("transformer."): t for name, t in load_file(path).items() if name != "lm_head.weight"}
    for layer in range(layers):
        tensors[f"h.{layer}.attn.bias"] = torch.tril(torch.ones(context, context)).view(1, 1, context, context)
    save_file(tensors, path, metadata={"format": "pt"})


def spell_as_before(folder):
    path = os.path.join(folder, "config.json")
    with open(path) as file:
        config = json.load(file)
    parameters = config.pop("rope_parameters")
    if "sliding_attention" in parameters:
        config["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
        parameters = parameters["full_attention"]
        config["sliding_window_pattern"] = 2
        del config["layer_types"]
    is_neox = config["model_type"] == "gpt_neox"
    config["rotary_emb_base" if is_neox else "rope_theta"] = parameters.pop("rope_theta")
    if (part := parameters.pop("partial_rotary_factor", None)) is not None:
        config["rotary_pct" if is_neox else "partial_rotary_factor"] = part
    if config["model_type"] == "phi3":
        del parameters["original_max_position_embeddings"]
    kind = parameters.pop("rope_type")
    spelling = "rope_type" if "gemma" in config["model_type"] else "type"
    config["rope_scaling"] = {spelling: kind, **parameters} if kind != "default" else None
    with open(path, "w") as file:
        json.dump(config, file, indent=2)
        file.write("\n")


def quantise(folder, kind, model):
    """Writes the weights anew in other dtypes, and gives `model` the values that they stand for."""
    path = os.path.join(folder, "model.safetensors")
    stored, values, generator = {}, {}, torch.Generator().manual_seed(7)
    for name, tensor in load_file(path).items():
        if kind == "f64":
            choices = [torch.float64, torch.float64, F16, BF16, F32]
            stored[name] = tensor.to(choices[int(torch.randint(len(choices), (1,), generator=generator))])
            values[name] = stored[name].float()
            continue
        stored[name] = tensor.float() if "lm_head" in name else tensor
        values[name] = stored[name].float()
        if tensor.ndim != 2 or any(part in name for part in ("embed", "lm_head")):
            continue
        weights = tensor.float()
        if kind == "blocks":  # of 16 by 16, the last ones cut
            rows, columns = weights.shape
            padded = torch.zeros(-(-rows // 16) * 16, -(-columns // 16) * 16)
            padded[:rows, :columns] = weights
            blocks = padded.view(padded.shape[0] // 16, 16, -1, 16)
            scales = blocks.abs().amax((1, 3)) / 448
            spread = scales.repeat_interleave(16, 0).repeat_interleave(16, 1)[:rows, :columns]
            stored[name + "_scale_inv"] = scales
        elif kind == "rows":
            scales = (weights.abs().amax(1, keepdim=True) / 448).to(BF16)
            spread, stored[name + "_scale"] = scales.float(), scales
        else:
            scales = weights.abs().max() / 448
            spread, stored[name + "_scale"], stored[name[:-6] + "input_scale"] = scales, scales, torch.tensor(0.5)
        stored[name] = (weights / spread).to(torch.float8_e4m3fn)
        values[name] = stored[name].float() * spread
    save_file({name: tensor.contiguous() for name, tensor in stored.items()}, path, metadata={"format": "pt"})
    configs = {
        "blocks": dict(quant_method="fp8", fmt="e4m3", activation_scheme="dynamic", weight_block_size=[16, 16]),
        "rows": dict(quant_method="compressed-tensors", format="float-quantized"),
        "tensor": dict(quant_method="modelopt", quant_algo="FP8"),
    }
    path = os.path.join(folder, "config.json")
    with open(path) as file:
        config = json.load(file)
    if kind in configs:
        config["quantization_config"] = configs[kind]
    with open(path, "w") as file:
        json.dump(config, file, indent=2)
        file.write("\n")
    model.load_state_dict(values, strict=False)


def site_modules(model):
    """The output projections, by site."""
    kind, found = model.config.model_type, {}
    blocks = {"gpt2": lambda: model.transformer.h, "gpt_neox": lambda: model.gpt_neox.layers}
    for i, block in enumerate(blocks.get(kind, lambda: model.model.layers)()):
        found[f"attn.{i}"], found[f"mlp.{i}"] = {
            "gpt2": lambda: (block.attn.c_proj, block.mlp.c_proj),
            "gpt_neox": lambda: (block.attention.dense, block.mlp.dense_4h_to_h),
        }.get(kind, lambda: (block.self_attn.o_proj, block.mlp.down_proj))()
    return found


def expect(model, tokenizer, prompt, target):
    ids = tokenizer.encode(prompt).ids
    target_id = tokenizer.encode(target, add_special_tokens=False).ids[0]
    seen, handles = {}, []
    for name, module in site_modules(model).items():

        def hook(_, inputs, name=name):
            seen[name] = inputs[0].detach() if not inputs[0].requires_grad else inputs[0]
            if not seen[name].requires_grad:
                seen[name].requires_grad_(True)
            seen[name].retain_grad()
            return (seen[name],) + inputs[1:]

        handles.append(module.register_forward_pre_hook(hook))
    logits = model(torch.tensor([ids]), use_cache=False).logits[0]
    loss = -torch.log_softmax(logits[-1], -1)[target_id]
    loss.backward()
    for handle in handles:
        handle.remove()
    tensors = {"logits": logits.detach()}
    for name, activation in seen.items():
        tensors[f"act.{name}"] = activation.detach()[0]
        tensors[f"grad.{name}"] = activation.grad[0]

    greedy, margin = [], float("inf")
    with torch.no_grad():
        for _ in range(GREEDY):
            best = model(torch.tensor([ids + greedy]), use_cache=False).logits[0, -1].topk(2)
            margin = min(margin, float(best.values[0] - best.values[1]))
            greedy.append(int(best.indices[0]))
    case = dict(prompt=prompt, prompt_ids=ids, target=target, target_id=target_id, loss=loss.item(), greedy=greedy)
    return case, tensors, margin


def build(name, seed, folder):
    """Writes the checkpoint and returns it as an F32 model and its tokenizer."""
    configuration, options, dtype = MODELS[name]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    if "sentencepiece" in name:
        tokenizer = Tokenizer.from_file(os.path.join(HERE, "..", "tokenizer", "kinds", "gemma.json"))
    else:
        tokenizer = train_tokenizer()
    if name in WHOLE:
        tokenizer.save(os.path.join(folder, "tokenizer.json"))

    torch.manual_seed(seed)
    begin, end = (1, 2) if "sentencepiece" in name else (0, 0)
    config = configuration(vocab_size=tokenizer.get_vocab_size(), bos_token_id=begin, eos_token_id=end, **options)
    model = transformers.AutoModelForCausalLM.from_config(config)
    enlarge(model, torch.Generator().manual_seed(seed), name not in WHOLE)
    shard = dict(max_shard_size="34KB") if name == "llama-sharded" else {}
    model.to(dtype).save_pretrained(folder, **shard)
    if name in OLD_SPELLING:
        spell_as_before(folder)
    # Read back in F32 rather than converted in memory: a conversion also rounds the rotary frequencies.
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    if name in QUANTISED:
        quantise(folder, QUANTISED[name], model)
    if "gemma" in name:  # rounded to the weights' dtype wherever they are not F32
        scale = model.model.embed_tokens.embed_scale
        scale.copy_(scale.to(dtype))
    if name == "gpt2-published":
        publish_names(folder, config.n_layer, config.n_positions)
    if name != "llama-a":  # one model keeps its generation_config.json
        os.remove(os.path.join(folder, "generation_config.json"))
    return model.eval(), tokenizer


def telling(case, margin):
    """Whether the greedy continuation is clear to every correct implementation, and more than a repetition."""
    greedy = case["greedy"]
    return margin > 0.008 and len(set(greedy)) >= 4 and 0 not in greedy and case["target_id"] != greedy[0]


def make(name):
    folder = os.path.join(HERE, name)
    for seed in range(2000):
        model, tokenizer = build(name, seed, folder)
        found = []
        for prompt, target in CASES:
            found.append(expect(model, tokenizer, prompt, target))
            if not telling(found[-1][0], found[-1][2]):
                break
        else:
            break
    else:
        sys.exit(f"{name}: no seed gives clear greedy continuations")

    tensors = {}
    for i, (case, values, margin) in enumerate(found):
        if name not in WHOLE:
            values["logits"] = values["logits"][-LEAN_ROWS:]
        tensors.update({f"case.{i}.{key}": value.float().contiguous().clone() for key, value in values.items()})
        print(
            f"{name} seed {seed} case {i}: {len(case['prompt_ids'])} tokens, loss {case['loss']:.3f}, "
            f"smallest greedy margin {margin:.3f}, {case['greedy']}"
        )
    assert len(found[2][0]["prompt_ids"]) == 1 or "sentencepiece" in name
    save_file(tensors, os.path.join(folder, "expected.safetensors"))
    for file in os.listdir(folder):
        os.chmod(os.path.join(folder, file), 0o644)
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump({"cases": [case for case, _, _ in found]}, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    for name in sys.argv[1:] or MODELS:
        make(name)

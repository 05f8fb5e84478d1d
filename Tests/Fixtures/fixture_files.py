"""Changes to the files of the tiny models that make_model_fixtures.py makes."""

import json
import os

import torch
from safetensors.torch import load_file, save_file

from fixture_models import BF16, F16, F32

# Mixtures of experts that are kept in one tensor for all experts of a layer.
FUSED = ["mixtral-b", "qwen2_moe-b"]
# Models whose config.json spells rotary positions as transformers 4 did.
OLD_SPELLING = ["llama-linear", "llama-yarn-old", "qwen2-b", "gpt_neox-b", "gemma3-b", "phi3-b"]


def publish_names(folder, layers, context):
    """Renames tensors as in the published GPT-2: no prefix, no output head, causal masks kept as buffers."""
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


def quantize(folder, kind, model):
    """Rewrites the weights in other dtypes, and gives `model` the values that they stand for."""
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
        if kind == "blocks":  # 16 by 16, smaller at the edges
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

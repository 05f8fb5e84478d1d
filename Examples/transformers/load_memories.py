"""Applies the memories of a patched file or a sidecar to a Hugging Face model.
usage: load_memories.py MODEL_FOLDER FILE "prompt"     prints the greedy continuation"""
import sys

import torch
from safetensors import safe_open


def load_memories(model, path):
    """Hooks the modules that the file has tables for; the handles' remove() takes them off again."""
    modules, handles = dict(model.named_modules()), []
    with safe_open(path, "pt") as file:
        if ((file.metadata() or {}).get("memory.version") or "1") != "1":
            raise ValueError(f"{path}: made by a later format")
        for name in (key.removesuffix(".memory.keys") for key in file.keys() if key.endswith(".memory.keys")):
            keys, deltas, bounds = (file.get_tensor(f"{name}.memory.{part}") for part in ("keys", "deltas", "bounds"))
            module = modules.get(name) or modules.get(f"{model.base_model_prefix}.{name}")
            # Linear has [out, in], GPT-2's Conv1D [in, out]; its out is the model's width.
            width = None if module is None else getattr(module, "in_features", module.weight.shape[0])
            if keys.shape != (len(bounds), width) or deltas.shape != keys.shape or bounds.shape[1:] != (2,):
                raise ValueError(f"{path}: {name}: no such module, or its {width} inputs do not fit {tuple(keys.shape)}")

            def remember(_, inputs, keys=keys, deltas=deltas, bounds=bounds):
                a = inputs[0].float()
                x = 1 - a @ keys.T / keys.square().sum(1)
                strength = torch.exp(-((x.square() / bounds[:, 0].square()) ** bounds[:, 1]))
                strength = torch.where(strength < 1e-6, 0.0, strength)
                fires = (strength > 0).any(-1, keepdim=True)
                return (torch.where(fires, (a + strength @ deltas).to(inputs[0].dtype), inputs[0]), *inputs[1:])

            handles.append(module.register_forward_pre_hook(remember))
    return handles


if __name__ == "__main__":
    from transformers import pipeline
    generator = pipeline("text-generation", sys.argv[1], dtype=torch.float32)
    load_memories(generator.model, sys.argv[2])
    print(generator(sys.argv[3], max_new_tokens=16, do_sample=False)[0]["generated_text"])

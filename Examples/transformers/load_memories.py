"""usage: load_memories.py FOLDER FILE "prompt": prints a model's greedy continuation with the memories of a file"""
import sys
import torch
from safetensors import safe_open


def load_memories(model, path):
    """Hooks the modules that a patched file or sidecar has tables for; remove() of each handle takes its hook off."""
    modules, hooks = {name: module for name, module in model.named_modules() if hasattr(module, "weight")}, []
    with safe_open(path, "pt") as file:
        if (version := (file.metadata() or {}).get("memory.version", "1")) != "1":
            raise ValueError(f"{path}: memory.version: expected 1, got {version!r}")
        parts = (".memory.keys", ".memory.deltas", ".memory.bounds")
        for name in sorted({key.rsplit(".", 2)[0] for key in file.keys() if key.endswith(parts)}):
            module = modules.get(name) or modules.get(f"{model.base_model_prefix}.{name}")
            width = module and getattr(module, "in_features", module.weight.shape[0])  # GPT-2's Conv1D: [in, out]
            table = [file.get_tensor(name + part) for part in parts if name + part in file.keys()]
            wanted = [(torch.float32, *table[0].shape[:1], columns) for columns in (width, width, 2)]
            if (got := [(part.dtype, *part.shape) for part in table]) != wanted:
                raise ValueError(f"{path}: {name}: {f'expected {wanted}, got {got}' if module else 'no such module'}")
            keys, deltas, bounds = (part.to(module.weight.device) for part in table)
            square = torch.cat([keys.square().sum(1), bounds[:, 0].square()])
            if not all(t.isfinite().all() for t in (*table, square)) or (square < 2**-126).any() or (bounds <= 0).any():
                raise ValueError(f"{path}: {name}: expected finite values, keys other than 0, and bounds above 0")
            def remember(_, inputs, keys=keys, deltas=deltas, bounds=bounds):
                a = inputs[0].float()
                x = 1 - a @ keys.T / keys.square().sum(1)
                strength = torch.exp(-((x.square() / bounds[:, 0].square()) ** bounds[:, 1]))
                fires = strength >= 1e-6
                changed = (a + torch.where(fires, strength, 0.0) @ deltas).to(inputs[0].dtype)
                return (torch.where(fires.any(-1, keepdim=True), changed, inputs[0]), *inputs[1:])
            hooks.append((module, remember))
    return [module.register_forward_pre_hook(hook) for module, hook in hooks]


if __name__ == "__main__":
    from transformers import pipeline
    generator = pipeline("text-generation", sys.argv[1], dtype=torch.float32)
    load_memories(generator.model, sys.argv[2])
    print(generator(sys.argv[3], max_new_tokens=16, do_sample=False)[0]["generated_text"])

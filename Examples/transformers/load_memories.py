"""usage: load_memories.py FOLDER FILE "prompt": prints a model's greedy continuation with the memories of a file"""
import re
import sys
import torch
from safetensors import safe_open
from transformers.cache_utils import Cache, DynamicLayer

PARTS = {"keys": (torch.float32, "D"), "deltas": (torch.float32, "D"), "bounds": (torch.float32, 2), "gates": (torch.int32, "G"),
         "cue_keys": (torch.float32, "D"), "cue_bounds": (torch.float32, 2), "cues": (torch.int32, 2)}
VECTORS = ("keys", "deltas", "cue_keys")  # they may be BF16 in a file of version 2
INSIDE = re.compile(r"^((model|transformer|gpt_neox|language_model|text_model)\.)+")  # what may stand before a module's name
ROWS, CUES = ("keys", "deltas", "bounds"), ("cue_keys", "cue_bounds", "cues")


def strength(a, keys, bounds):
    x = 1 - a @ keys.T / keys.square().sum(1)
    s = torch.exp(-((x.square() / bounds[:, 0].square()) ** bounds[:, 1]))
    return torch.where(s < 1e-6, 0.0, s)


def load_memories(model, path):
    """Hooks the modules that a patched file or sidecar has tables for; remove() of each handle takes its hook off."""
    tables = read(model, path)
    seen = [number for table in tables.values() for number, mode in table.get("numbers", []) if mode == 1]
    now = {}  # of the forward pass: the mask, what was seen before, and each cue's presence

    def kept(values):
        """The KV cache among values, and what has been seen: one more layer of it, cropped, reordered and copied with it."""
        cache = next((value for value in values if isinstance(value, Cache)), None)
        layers = cache.layers if cache else ()
        return cache, next((layer for layer in layers if getattr(layer, "seen_of", None) == path), None)

    def begin(_, args, kwargs):
        _, layer = kept([*args, *kwargs.values()])
        now.clear()
        now["mask"] = kwargs.get("attention_mask")
        now["before"] = layer.keys[:, 0, -1] if layer and layer.get_seq_length() else None  # [batch, cues]

    def end(_, args, output):
        cache, layer = kept(output.values())
        if seen and cache:
            if layer is None:
                cache.layers.append(layer := DynamicLayer())
                layer.seen_of = path
            state = torch.stack([now[number].cpu() for number in seen], -1)[:, None]  # [batch, 1, tokens, cues]
            layer.update(state, state)

    def remember(table, inputs):
        a, changed = inputs[0].float(), inputs[0]
        if "keys" in table:
            s = strength(a, table["keys"], table["bounds"])
            for gates in table.get("gates", torch.empty(0, 0)).T.tolist():
                s = s * torch.stack([now[n].to(a.device) if n >= 0 else torch.ones_like(a[..., 0]) for n in gates], -1)
            fires = s >= 1e-6
            changed = (a + torch.where(fires, s, 0.0) @ table["deltas"]).to(inputs[0].dtype)
            changed = torch.where(fires.any(-1, keepdim=True), changed, inputs[0])
        if "cues" in table:
            for (number, mode), p in zip(table["numbers"], strength(a, table["cue_keys"], table["cue_bounds"]).unbind(-1)):
                if mode == 1:
                    p = p if now["mask"] is None else p * now["mask"][:, -p.shape[1] :]  # padding is never seen
                    p = p.cummax(1).values
                    before = now["before"]
                    p = p if before is None else torch.maximum(p, before[:, None, seen.index(number)].to(p.device))
                now[number] = p
        return (changed, *inputs[1:])

    modules, body = dict(model.named_modules()), model.base_model
    hooks = [modules[name].register_forward_pre_hook(lambda _, inputs, t=t: remember(t, inputs)) for name, t in tables.items()]
    return [*hooks, body.register_forward_pre_hook(begin, with_kwargs=True), body.register_forward_hook(end)]


def read(model, path):
    """The tables of a file by the names of the model's modules, checked as specs/FORMAT.md says."""
    order, tables, numbers = [name for name, module in model.named_modules() if hasattr(module, "weight")], {}, {}
    def require(right, where, what):
        if not right:
            raise ValueError(f"{path}: {where}: {what}")
    with safe_open(path, "pt") as file:
        version = (file.metadata() or {}).get("memory.version", "1")
        require(version in ("1", "2"), "memory.version", f"expected 1 or 2, got {version!r}")
        for key in file.keys():
            name, _, part = key.rpartition(".memory.")
            if part in PARTS and name:
                tensor = file.get_tensor(key)
                is_half = version == "2" and part in VECTORS and tensor.dtype == torch.bfloat16
                tables.setdefault(name, {})[part] = tensor.float() if is_half else tensor
    named = {}
    for name, table in sorted(tables.items()):
        full = next((n for n in order if INSIDE.sub("", n) == INSIDE.sub("", name)), None)
        require(full, name, "no such module")
        module = model.get_submodule(full)
        width = getattr(module, "in_features", module.weight.shape[0])  # GPT-2's Conv1D: [in, out]
        for group in (ROWS, CUES):
            there = [part for part in group if part in table]
            require(len(there) in (0, 3), name, f"expected {', '.join(group)} together, got {there}")
        require("keys" in table or "gates" not in table, name, "gates without rows")
        for part, tensor in table.items():
            dtype, columns = PARTS[part]
            first = table["cues" if part in CUES else "keys"].shape[:1]
            wanted = (dtype, *first, {"D": width, "G": tensor.shape[-1] if tensor.dim() == 2 else 0}.get(columns, columns))
            require((tensor.dtype, *tensor.shape) == wanted, f"{name}: {part}", f"expected {wanted}, got {tensor.dtype, *tensor.shape}")
        for keys, bounds in (("keys", "bounds"), ("cue_keys", "cue_bounds")):
            if keys in table:
                square = torch.cat([table[keys].square().sum(1), table[bounds][:, 0].square()])
                parts = [square, table[keys], table[bounds], *([table["deltas"]] if keys == "keys" else [])]
                right = all(part.isfinite().all() for part in parts) and not (square < 2**-126).any() and (table[bounds] > 0).all()
                require(right, name, "expected finite values, keys other than 0, and bounds above 0")
        named[full] = {part: tensor.to(module.weight.device) for part, tensor in table.items()}
        named[full]["numbers"] = table["cues"].tolist() if "cues" in table else []
        for cue, (number, mode) in enumerate(named[full]["numbers"]):
            require(number >= 0 and mode in (0, 1), name, f"cue {number} has a negative number or the unknown mode {mode}")
            require(number not in numbers, name, f"a second cue of number {number}")
            bits = (full, mode, *(table[part][cue].numpy().tobytes() for part in ("cue_keys", "cue_bounds")))
            numbers[number] = order.index(full), bits
    for name, table in named.items():
        for gates in table.get("gates", torch.empty(0, 0)).tolist():
            asked = [number for number in gates if number != -1]
            require(not asked or version == "2", "memory.version", "its rows ask for cues, expected 2, got 1")
            for number in asked:
                require(number in numbers, name, f"there is no cue {number}")
                require(numbers[number][0] < order.index(name), name, f"cue {number} does not lie before its row")
            require(len({numbers[number] for number in asked}) == len(asked), name, "a row asks for a cue twice")
    return named


if __name__ == "__main__":
    from transformers import pipeline
    generator = pipeline("text-generation", sys.argv[1], dtype=torch.float32)
    load_memories(generator.model, sys.argv[2])
    print(generator(sys.argv[3], max_new_tokens=16, do_sample=False)[0]["generated_text"])

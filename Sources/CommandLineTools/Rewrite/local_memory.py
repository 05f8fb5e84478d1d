"""Memories in a model of Hugging Face transformers.

A folder that `rewrite FILE --transformers FOLDER` wrote gives the patched model:

    model = AutoModelForCausalLM.from_pretrained("FOLDER", trust_remote_code=True)
    print(model.memories)                       # a line each: name, on or off, prompt and target
    model.memories.disable("nepal-capital")     # without a name: all
    model.memories.enable()
    model.save_pretrained("COPY")               # with all memories, and this file

A model that is loaded already takes the memories of a patched file or sidecar: `memories = load_memories(model, FILE)`;
`memories.remove()` takes them off again.

Each memory watches the input `a` of a linear layer. Its rows have a key, a delta, a boundary b and a hardness h, and change
`a` where it is like the key; what a row asks for, its cues, are such regions at earlier layers:

    strength    f(a) = exp(-(x² / b²) ** h), x = 1 - a · key / key · key; below 1e-6 it is 0
    here        the cue's f at this token
    seen        the largest f of the cue at this token and all before it in its sequence
    result      a + the sum of strength times cues times delta over all rows; `a` itself, bit for bit, where all are 0

All of it is computed in F32, whatever the dtype of the model.
"""

import hashlib
import json
import pathlib
import re
import shutil

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import nn
from transformers import AutoModelForCausalLM
from transformers.cache_utils import Cache, DynamicLayer
from transformers.utils import cached_file

FILE = "local.memory.safetensors"
ROWS, CUES = ("keys", "deltas", "bounds"), ("cue_keys", "cue_bounds", "cues")
PARTS = {"keys": (torch.float32, "D"), "deltas": (torch.float32, "D"), "bounds": (torch.float32, 2), "gates": (torch.int32, "G"),
         "cue_keys": (torch.float32, "D"), "cue_bounds": (torch.float32, 2), "cues": (torch.int32, 2)}  # dtype, columns
VECTORS = ("keys", "deltas", "cue_keys")  # they may be BF16 in a file of version 2
INSIDE = re.compile(r"^((model|transformer|gpt_neox|language_model|text_model)\.)+")  # what may stand before a module's name
MANIFEST = "memory.manifest"


class LocalMemoryModel:
    """What config.json names: from_pretrained gives a model of the class that transformers has for its model_type."""

    @classmethod
    def from_pretrained(cls, folder, *args, config, **kwargs):
        base = base_class(config)
        # By name and module, pipelines know what the model can do, and from_pretrained how its files call the weights.
        patched = type(base.__name__, (WithMemories, base), {"__module__": base.__module__})
        return patched.from_pretrained(folder, *args, config=config, **kwargs)

    @classmethod
    def _from_config(cls, config, **kwargs):
        return base_class(config)._from_config(config, **kwargs)  # random weights, for which there are no memories

    @classmethod
    def register_for_auto_class(cls, auto_class=None):
        pass  # save_pretrained names this class by itself


def base_class(config):
    return AutoModelForCausalLM._model_mapping[type(config)]


class WithMemories:
    """Loads memories with a model and saves them with it."""

    @classmethod
    def from_pretrained(cls, folder, *args, **kwargs):
        result = super().from_pretrained(folder, *args, **kwargs)
        model = result[0] if isinstance(result, tuple) else result  # a tuple with output_loading_info
        names = ("cache_dir", "force_download", "token", "revision", "local_files_only", "subfolder")
        load_memories(model, cached_file(folder, FILE, **{name: kwargs[name] for name in names if name in kwargs}))
        return result

    def save_pretrained(self, folder, *args, is_main_process=True, push_to_hub=False, **kwargs):
        if push_to_hub:
            raise ValueError("save_pretrained(push_to_hub=True) would leave the memories out; push_to_hub() takes them along")
        if self.memories is None:  # taken off
            return super().save_pretrained(folder, *args, is_main_process=is_main_process, **kwargs)
        code = pathlib.Path(__file__)
        self.config.auto_map = {"AutoModelForCausalLM": f"{code.stem}.{LocalMemoryModel.__name__}"}
        super().save_pretrained(folder, *args, is_main_process=is_main_process, **kwargs)
        if is_main_process:
            (pathlib.Path(folder) / FILE).write_bytes(self.memories.content)
            (pathlib.Path(folder) / code.name).write_bytes(code.read_bytes())

    def prepare_inputs_for_generation(self, input_ids, *args, attention_mask=None, inputs_embeds=None, **kwargs):
        # A cache of fixed size gets a mask of four dimensions, which does not tell what is padding.
        if self.memories is not None:
            self.memories.now.told = {"attention_mask": attention_mask}
        kwargs |= {"attention_mask": attention_mask, "inputs_embeds": inputs_embeds}
        return super().prepare_inputs_for_generation(input_ids, *args, **kwargs)

    def _valid_auto_compile_criteria(self, *args, **kwargs):
        # What has been seen grows with the text, which a pass compiled for a cache of fixed size cannot.
        return not (self.memories and self.memories.now.seen) and super()._valid_auto_compile_criteria(*args, **kwargs)


def load_memories(model, path):
    """Applies the memories of a patched file or sidecar to a model; raises ValueError for a file that does not fit it."""
    tables, entries, content = read(model, path)
    if getattr(model, "memories", None) is not None:
        raise ValueError(f"{path}: the model has memories already; remove() takes them off")
    model.memories = Memories(model, tables, entries, content)
    return model.memories


class Memories(nn.Module):
    """The memories of a model, by their names: listed, switched off and on."""

    def __init__(self, model, tables, entries, content):
        super().__init__()
        self.entries, self.content, self.disabled = entries, content, set()
        numbers = [pair for table in tables.values() for pair in table.get("cues", torch.empty(0, 2)).tolist()]
        columns = {number: column for column, (number, _) in enumerate(numbers)}
        self.now = Pass(len(numbers), [column for column, (_, mode) in enumerate(numbers) if mode == 1])
        self.at = {name: Table(table, columns, self.now) for name, table in tables.items()}
        self.tables = nn.ModuleList(self.at.values())
        modules = {INSIDE.sub("", name): module for name, module in model.named_modules()}
        for name, table in self.at.items():
            table.to(modules[name].weight.device)
        hooks = [modules[name].register_forward_pre_hook(table.apply_to) for name, table in self.at.items()]
        body = model.base_model
        hooks += [body.register_forward_pre_hook(self.now.begin, with_kwargs=True), body.register_forward_hook(self.now.end)]
        self.model, self.hooks = [model], hooks  # in a list, the model is no part of its memories

    def __iter__(self):
        return iter(self.entries)

    def __len__(self):
        return len(self.entries)

    def __getitem__(self, name):
        """What the file says of a memory: prompt, target, rows, scores and more."""
        if name not in self.entries:
            raise KeyError(f"there is no memory {name!r}, only {', '.join(self.entries)}")
        return self.entries[name]

    def __repr__(self):
        return "\n".join(f"{name}  {'off' if name in self.disabled else 'on'}  {entry['prompt']!r} → {entry['target']!r}"
                         for name, entry in self.entries.items())

    def disable(self, *names):
        """Switches memories off, without a name all."""
        self.switch(names, False)

    def enable(self, *names):
        """Switches memories on, without a name all."""
        self.switch(names, True)

    def switch(self, names, on):
        for entry in [self[name] for name in names or self]:
            for row in entry["rows"]:
                self.at[INSIDE.sub("", row["module"])].active[row["row"]] = on
            (self.disabled.discard if on else self.disabled.add)(entry["name"])

    def remove(self):
        """Takes the memories off: the model is its base again."""
        for hook in self.hooks:
            hook.remove()
        self.model.pop().memories = None


class Pass:
    """What one forward pass finds: the presence of each cue at each token, and what the sequences had seen before."""

    def __init__(self, count, seen):
        self.count, self.seen = count, seen  # the number of cues; which of them are seen
        self.told = self.mask = self.before = self.present = None
        self.start = 0

    def begin(self, body, args, kwargs):
        mask, self.told = (self.told or kwargs).get("attention_mask"), None
        self.mask, self.before, self.present, self.start = mask, None, None, 0
        if not self.seen:
            return
        if mask is not None and getattr(mask, "ndim", None) != 2:
            raise ValueError("memories need an attention mask of two dimensions, which tells what is padding")
        cache, layer = self.kept([*args, *kwargs.values()])
        positions = kwargs.get("position_ids")
        packed = mask is None and cache is None and positions is not None and bool((positions.diff() != 1).any())
        if packed or kwargs.get("cu_seq_lens_q") is not None:
            raise ValueError("memories need each sequence in a row of its own, since each has seen something else")
        self.start = 0 if cache is None else int(cache.get_seq_length())
        if self.start and (layer is None or layer.get_seq_length() != self.start):
            raise ValueError("memories need a cache that was filled with them: this one does not tell what has been seen")
        self.before = layer.keys[:, 0, -1] if self.start else None  # [batch, seen cues]

    def watch(self, columns, p):
        """Takes the strengths [batch, tokens, cues] of some cues for their presence."""
        seen = [i for i, column in enumerate(columns) if column in self.seen]
        if seen:
            length, most = p.shape[1], p[..., seen]
            if self.mask is not None:  # padding is never seen
                mask = self.mask.to(p.device)
                mask = nn.functional.pad(mask, (0, max(0, self.start + length - mask.shape[1])))
                most = most * (mask[:, self.start : self.start + length, None] != 0)
            most = most.cummax(1).values
            if self.before is not None:
                before = self.before[:, None, [self.seen.index(columns[i]) for i in seen]]
                most = torch.maximum(most, before.to(p.device))
            p[..., seen] = most
        if self.present is None:
            self.present = p.new_ones(*p.shape[:-1], self.count + 1)  # the last column stands for no cue
        self.present = self.present.to(p.device)
        self.present[..., columns] = p

    def end(self, body, args, output):
        cache, layer = self.kept(output.values() if isinstance(output, dict) else output)
        if self.seen and cache is not None:
            if not self.start:
                cache.layers = [other for other in cache.layers if other is not layer]
                cache.layers.append(layer := SeenLayer())
            state = self.present[..., self.seen][:, None]  # [batch, 1, tokens, seen cues]
            layer.update(state, state)
        self.mask = self.before = self.present = None

    @staticmethod
    def kept(values):
        """The KV cache among values, and its layer of what has been seen."""
        cache = next((value for value in values if isinstance(value, Cache)), None)
        layers = () if cache is None else cache.layers
        return cache, next((layer for layer in layers if isinstance(layer, SeenLayer)), None)


class SeenLayer(DynamicLayer):
    """One more layer of a KV cache: what has been seen up to each token. It is cropped, reordered and copied like the others."""

    is_compileable = True  # the others decide, by which transformers tells caches of fixed size and masks their empty end


class Table(nn.Module):
    """The rows and cues of one linear layer."""

    def __init__(self, tensors, columns, now):
        super().__init__()
        self.now, self.has_rows = now, "keys" in tensors
        self.columns = [columns[number] for number, _ in tensors.get("cues", torch.empty(0, 2)).tolist()]
        kept = {name: tensors[name].float() for name in PARTS if name in tensors and name not in ("gates", "cues")}
        if self.has_rows:
            asked = tensors.get("gates", torch.empty(len(kept["keys"]), 0)).tolist()
            asked = [[columns.get(number, len(columns)) for number in gates] for gates in asked]
            kept["gates"] = torch.tensor(asked, dtype=torch.long).reshape(len(asked), -1)
            kept["active"] = torch.ones(len(asked), dtype=torch.bool)
        for name, tensor in kept.items():
            self.register_buffer(name, tensor, persistent=False)  # the model's own file stays that of the base

    def _apply(self, fn, recurse=True):
        # Tables move with the model and are not cast with it.
        return super()._apply(lambda tensor: tensor.to(fn(tensor[:0]).device), recurse)

    def apply_to(self, module, inputs):
        """Watches the input [batch, tokens, D] of the layer, and changes it where a row acts."""
        given = changed = inputs[0]
        if next(self.buffers()).device != given.device:
            self.to(given.device)
        with torch.autocast(given.device.type, enabled=False):
            a = given.float()
            if self.has_rows:
                s = self.strengths(a)
                changed = (a + s @ self.deltas).to(given.dtype)
                changed = torch.where((s > 0).any(-1, keepdim=True), changed, given)
            if self.columns:
                self.now.watch(self.columns, strength(a, self.cue_keys, self.cue_bounds))
        return (changed, *inputs[1:])

    def strengths(self, a):
        s = strength(a, self.keys, self.bounds)
        for gates in self.gates.T if self.gates.numel() else ():
            s = s * self.now.present.to(s.device)[..., gates]
        return torch.where((s >= 1e-6) & self.active, s, 0.0)


def strength(a, keys, bounds):
    x = 1 - a @ keys.T / keys.square().sum(1)
    s = torch.exp(-((x.square() / bounds[:, 0].square()) ** bounds[:, 1]))
    return torch.where(s < 1e-6, 0.0, s)


def read(model, path):
    """The tables of a file by their modules, its memories by name, and a sidecar's bytes; all checked as the format says."""
    tables, kept, manifest = {}, {}, None
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
        version = metadata.get("memory.version", "1")
        require(version in ("1", "2"), f"{path}: memory.version", f"expected 1 or 2, got {version!r}")
        for key in file.keys():
            name, _, part = key.rpartition(".memory.")
            if key == MANIFEST:
                kept[key] = file.get_tensor(key)
                manifest = bytes(kept[key].tolist())
            elif part in PARTS and name:
                kept[key] = file.get_tensor(key)
                is_half = version == "2" and part in VECTORS and kept[key].dtype == torch.bfloat16
                tables.setdefault(name, {})[part] = kept[key].float() if is_half else kept[key]
    check(model, tables, version, path)
    entries = read_manifest(manifest, metadata.get(MANIFEST), tables, path)
    metadata = {key: metadata[key] for key in ("memory.version", "memory.base", MANIFEST) if key in metadata}
    return {INSIDE.sub("", name): table for name, table in tables.items()}, entries, save(kept, {"format": "pt", **metadata})


def read_manifest(manifest, recorded, tables, path):
    """What the manifest says of each memory, by name; without a manifest each row is a memory."""
    rows = sorted((name, row) for name, table in tables.items() for row in range(len(table.get("keys", ()))))
    if manifest is None:
        require(recorded is None, f"{path}: {MANIFEST}", "its hash is there, and it is not")
        return {f"{name}[{row}]": {"name": f"{name}[{row}]", "prompt": "", "target": "", "rows": [{"module": name, "row": row}]}
                for name, row in rows}
    require(hashlib.sha256(manifest).hexdigest() == recorded, f"{path}: {MANIFEST}", "does not match its hash")
    entries = {entry["name"]: entry for entry in json.loads(manifest)["memories"]}
    owned = sorted((row["module"], row["row"]) for entry in entries.values() for row in entry["rows"])
    require(owned == rows, f"{path}: {MANIFEST}", "its rows are not those of the tables")
    return entries


def check(model, tables, version, path):
    """Checks that tables are sound and fit the model."""
    order = [INSIDE.sub("", name) for name, module in model.named_modules() if hasattr(module, "weight")]
    modules = {INSIDE.sub("", name): module for name, module in model.named_modules()}
    numbers = {}
    for name, table in tables.items():
        place, inside = f"{path}: {name}", INSIDE.sub("", name)
        require(inside in order, place, "no such module")
        check_table(table, modules[inside], place)
        for cue, (number, mode) in enumerate(table.get("cues", torch.empty(0, 2)).tolist()):
            require(number >= 0 and mode in (0, 1), place, f"cue {cue} has a negative number or the unknown mode {mode}")
            require(number not in numbers, place, f"a second cue of number {number}")
            bits = (inside, mode, *(table[part][cue].numpy().tobytes() for part in ("cue_keys", "cue_bounds")))
            numbers[number] = order.index(inside), bits
    for name, table in tables.items():
        place = f"{path}: {name}"
        for gates in table.get("gates", torch.empty(0, 0)).tolist():
            asked = [number for number in gates if number != -1]
            require(not asked or version == "2", f"{path}: memory.version", "its rows ask for cues, expected 2, got 1")
            for number in asked:
                require(number in numbers, place, f"there is no cue {number}")
                require(numbers[number][0] < order.index(INSIDE.sub("", name)), place, f"cue {number} does not lie before its row")
            require(len({numbers[number] for number in asked}) == len(asked), place, "a row asks for a cue twice")


def check_table(table, module, place):
    width = getattr(module, "in_features", module.weight.shape[0])  # GPT-2's Conv1D: [in, out]
    for group in (ROWS, CUES):
        there = [part for part in group if part in table]
        require(len(there) in (0, 3), place, f"expected {', '.join(group)} together, got {there}")
    require("keys" in table or "gates" not in table, place, "gates without rows")
    for part, tensor in table.items():
        dtype, columns = PARTS[part]
        first = table["cues" if part in CUES else "keys"].shape[:1]
        wanted = (dtype, *first, {"D": width, "G": tensor.shape[-1] if tensor.dim() == 2 else 0}.get(columns, columns))
        require((tensor.dtype, *tensor.shape) == wanted, f"{place}: {part}", f"expected {wanted}, got {tensor.dtype, *tensor.shape}")
    for keys, bounds in (("keys", "bounds"), ("cue_keys", "cue_bounds")):
        if keys in table:
            square = torch.cat([table[keys].square().sum(1), table[bounds][:, 0].square()])
            parts = [square, table[keys], table[bounds], *([table["deltas"]] if keys == "keys" else [])]
            right = all(part.isfinite().all() for part in parts) and not (square < 2**-126).any() and (table[bounds] > 0).all()
            require(right, place, "expected finite values, keys other than 0, and bounds above 0")


def require(right, place, what):
    if not right:
        raise ValueError(f"{place}: {what}")

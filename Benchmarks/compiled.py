"""Memories compiled by `rewrite`, put on a transformers model with hooks: all that they do comes from the written file."""

import json
import subprocess
import time

import torch
from safetensors import safe_open

import models

FLOOR = 1e-6


def entry(record, method="auto"):
    """A record's memory in the spec: the compiler is given its prompt, subject and target alone."""
    kept = {key: record[key] for key in ("name", "prompt", "subject")}
    return {**kept, "target": record["new"], "method": method}


def compile(memories, base, path):
    """Writes memories, entries of a spec, to `path`; the seconds, and the bytes of their tables and manifest."""
    spec = path.with_suffix(".json")
    spec.write_text(json.dumps({"memories": memories}))
    start = time.time()
    command = [models.BIN / "rewrite", base, "--spec", spec, "-o", path, "--force", "--quiet"]
    status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if status not in (0, 3):
        raise SystemExit(f"rewrite exits {status}")
    seconds = time.time() - start
    spec.unlink()
    return seconds, size(path)


def size(path):
    """The bytes of the tables and of the manifest of a file."""
    with safe_open(path, "pt") as file:
        return sum(file.get_tensor(name).nbytes for name in file.keys() if is_of_memories(name))


def is_of_memories(name):
    return ".memory." in name or name == "memory.manifest"


def floored(strength):
    return torch.where(strength < FLOOR, 0.0, strength)


def strength(activation, keys, bounds):
    """f(x) = exp(−(x² / b²)^h) for x = 1 − a · k / ‖k‖², 0 below the floor: [..., D], [N, D], [N, 2] → [..., N]."""
    x = 1 - activation @ keys.T / keys.square().sum(-1)
    return floored(torch.exp(-((x.square() / bounds[:, 0].square()) ** bounds[:, 1])))


class Memories:
    """A context in which the tables of a file act on a model, by the formulas of versions 1 and 2 of the format.

    At a module that has cues, the presence p of each cue is noted for every token: f(x) there (mode 0, here), or the
    greatest f(x) up to there (mode 1, seen). At a module that has rows, a' = a + Σ s Δ with s = f(x) times the presence of
    each cue that the row asks for. A forward pass is one of whole sequences from their beginning, padded on the right.
    """

    def __init__(self, model, path):
        self.handles, self.presence, self.tables = [], {}, {}
        with safe_open(path, "pt") as file:
            for name in file.keys():
                if ".memory." in name:
                    module, part = name.split(".memory.")
                    tensor = file.get_tensor(name)
                    values = tensor.float() if tensor.is_floating_point() else tensor
                    self.tables.setdefault(model.get_submodule(module), {})[part] = values

    def __enter__(self):
        for module, table in self.tables.items():
            self.handles.append(module.register_forward_pre_hook(lambda _, inputs, table=table: self.act(inputs, table)))
        return self

    def __exit__(self, *_):
        while self.handles:
            self.handles.pop().remove()

    def act(self, inputs, table):
        """The module's inputs with what its rows add; notes the presence of its cues."""
        activation = inputs[0]
        if "cues" in table:
            self.note(strength(activation, table["cue_keys"], table["cue_bounds"]), table["cues"])
        if "keys" not in table:
            return None
        strengths = strength(activation, table["keys"], table["bounds"])
        if "gates" in table:
            strengths = torch.stack([self.gated(s, row) for s, row in zip(strengths.unbind(-1), table["gates"].tolist())], -1)
        fires = (strengths > 0).any(-1, keepdim=True)
        return (torch.where(fires, activation + strengths @ table["deltas"], activation), *inputs[1:])

    def note(self, here, cues):
        seen = here.cummax(1).values
        for column, (number, mode) in enumerate(cues.tolist()):
            self.presence[number] = (seen if mode == 1 else here)[..., column]

    def gated(self, strength, cues):
        """A row's strength [texts, tokens] times the presence of the cues it asks for; −1 asks for none."""
        for number in cues:
            if number >= 0:
                strength = floored(strength * self.presence[number])
        return strength

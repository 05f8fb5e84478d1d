"""Memories compiled by `rewrite` from CounterFact records, put on a transformers model with hooks."""

import json
import subprocess
import time

import torch
from safetensors import safe_open

import judging
import models


def compile(records, method, path):
    """Writes the records' memories to `path`; the seconds, and the bytes that the file adds to the base."""
    spec, folder = models.CACHE / "counterfact.json", models.folder()
    spec.write_text(json.dumps({"memories": [entry(record, method) for record in records]}))
    start = time.time()
    command = [models.BIN / "rewrite", folder, "--spec", spec, "-o", path, "--force", "--quiet"]
    status = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    if status not in (0, 3):
        raise SystemExit(f"rewrite exits {status}")
    embedded = sum((folder / name).stat().st_size for name in ("model.safetensors", "config.json", "tokenizer.json"))
    return time.time() - start, path.stat().st_size - embedded


def entry(record, method):
    """A record's memory in the spec: the compiler is given its prompt, subject and target alone."""
    kept = {key: record[key] for key in ("prompt", "subject")}
    return {"name": str(record["case_id"]), **kept, "target": judging.target(record), "method": method}


class Memories:
    """A context in which the tables of a file act on a model: a' = a + Σ f(1 − a · k / ‖k‖²) Δ, at every token.

    The controls add the deltas at every token (`always`), or none of them (`never`).
    """

    def __init__(self, model, path, control=None):
        self.control, self.handles, self.fired, self.seen = control, [], 0, 0
        self.tables = {}
        with safe_open(path, "pt") as file:
            for name in file.keys():
                if name.endswith(".memory.keys"):
                    module = name[: -len(".memory.keys")]
                    tables = [file.get_tensor(f"{module}.memory.{part}") for part in ("keys", "deltas", "bounds")]
                    self.tables[model.get_submodule(module)] = tables

    def __enter__(self):
        self.handles = [m.register_forward_pre_hook(self.hook(*tables)) for m, tables in self.tables.items()]
        return self

    def __exit__(self, *_):
        for handle in self.handles:
            handle.remove()

    def hook(self, keys, deltas, bounds):
        directions = keys / (keys * keys).sum(1, keepdim=True)

        def add(_, inputs):
            if self.control == "never":
                return None
            x = 1 - inputs[0] @ directions.T
            strength = torch.exp(-((x**2 / bounds[:, 0] ** 2) ** bounds[:, 1]))
            strength = torch.where(strength < 1e-6, 0.0, strength)
            self.fired += int((strength > 0).any(-1).sum())
            self.seen += strength.shape[0] * strength.shape[1]
            if self.control == "always":
                strength = torch.ones_like(strength)
            return (inputs[0] + strength @ deltas,)

        return add

    @torch.no_grad()
    def fired_share(self, model, texts):
        """The share of tokens at which a row fires."""
        self.fired = self.seen = 0
        model.model(texts, use_cache=False)
        return self.fired / max(1, self.seen)

"""Collects cases and writes them: the files and the index."""

import json
import shutil
from pathlib import Path

KINDS = ["safetensors", "index", "config", "tokenizer", "spec", "table", "gguf"]
REJECTED = {"rewrite": 1, "run": 1, "memdiff": 2}
ACCEPTED = {"rewrite": 0, "run": 0, "memdiff": 0}


class Corpus:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.cases = []
        self.names = set()

    def reject(self, kind, name, layout, error, why, exits={}, opened=None):
        """Adds a case that must be refused with an error of kind `error`; `exits` lists commands that need not refuse it."""
        self._add(kind, name, layout, opened, why, "reject", {"error": error}, REJECTED | exits)

    def accept(self, kind, name, layout, why, means=None, exits={}, opened=None):
        """Adds a valid case; `means` is what must be read from it."""
        self._add(kind, name, layout, opened, why, "accept", {"means": means or {}}, ACCEPTED | exits)

    def _add(self, kind, name, layout, opened, why, verdict, more, exits):
        assert kind in KINDS and (kind, name) not in self.names, (kind, name)
        self.names.add((kind, name))
        opened = opened or (next(iter(layout)) if len(layout) == 1 else ".")
        usual = REJECTED if verdict == "reject" else ACCEPTED
        if exits != usual:
            more = more | {"exit": exits}
        placed = {path: self._place(kind, name, path, content) for path, content in layout.items()}
        self.cases.append(
            {"name": f"{kind}/{name}", "kind": kind, "verdict": verdict}
            | more | {"open": opened, "layout": placed, "why": why}
        )

    def _place(self, kind, name, path, content):
        """Writes bytes to a file of the corpus and returns its path; returns references, links and recipes as they are."""
        if not isinstance(content, bytes):
            return content
        suffix = "".join(Path(path).suffixes[-1:])
        file = Path("files") / kind / (name + suffix)
        if (self.folder / file).exists():
            file = Path("files") / kind / f"{name}-{Path(path).name}"
        (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / file).write_bytes(content)
        return str(file)

    def clear(self):
        for name in ["files", "model"]:
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def write_model(self, files):
        (self.folder / "model").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (self.folder / "model" / name).write_bytes(content)

    def write_index(self):
        lines = [json.dumps(case, ensure_ascii=False) for case in self.cases]
        head = '{"version": 1, "model": "model", "prompt": "ab", "spec": "model/spec.json", "cases": [\n'
        (self.folder / "index.json").write_text(head + ",\n".join(lines) + "\n]}\n")

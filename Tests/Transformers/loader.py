"""The loader that `rewrite --transformers` puts into a folder, from where the repository keeps it."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources" / "CommandLineTools" / "Rewrite"))
from local_memory import load_memories  # noqa: E402


def attach(model, path):
    """Applies memories; remove() of each thing in the list takes them off."""
    return [load_memories(model, path)]

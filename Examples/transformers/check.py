"""usage: check.py PROGRAMS MODEL.gguf: what load_memories.py makes of our files, beside what `run` makes of them."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
from load_memories import load_memories
from safetensors import safe_open
from transformers import AutoModelForCausalLM
from transformers.utils import logging

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS, GGUF = pathlib.Path(sys.argv[1]), sys.argv[2]
PROMPTS = ["The capital city of Nepal is located in", "The city of Tokyo lies in", "Rivers and"]
torch.set_num_threads(2)
logging.set_verbosity_error()
logging.disable_progress_bar()


def call(program, *arguments, allowed=(0,)):
    result = subprocess.run([PROGRAMS / program, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode not in allowed:
        sys.exit(f"{program} {arguments}: exits with {result.returncode}: {result.stderr}")
    return result.stdout


def run(*arguments):
    """The token ids of a prompt and of its continuation by `run`."""
    answer = json.loads(call("run", *arguments, "--json"))
    return answer["prompt_ids"], answer["ids"]


def continued(model, ids, count):
    """transformers' greedy continuation, and how far the best token led at its closest."""
    text, margin = list(ids), float("inf")
    for _ in range(count):
        with torch.no_grad():
            best = model(torch.tensor([text])).logits[0, -1].topk(2)
        margin = min(margin, (best.values[0] - best.values[1]).item())
        text.append(best.indices[0].item())
    return text[len(ids) :], margin


def compare(name, folder, patched, base, prompts, count):
    """Whole file and sidecar beside `run`, and the file as a checkpoint of its own."""
    sidecar = folder / "m.memory.safetensors"
    call("rewrite", patched, "--sidecar", sidecar, "--force")
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    changed = 0
    for file in (patched, sidecar):
        for prompt in prompts:
            ids, expected = run(patched, prompt, "--max-tokens", count)
            handles = load_memories(model, file)
            got, margin = continued(model, ids, len(expected))
            for handle in handles:
                handle.remove()
            if got != expected:
                sys.exit(f"{name}: {file.name}: {prompt!r}: run {expected}, transformers {got}, smallest lead {margin:.2g}")
            changed += expected != continued(model, ids, len(expected))[0]
    if changed == 0:
        sys.exit(f"{name}: no memory changed anything")

    copy = folder / "copy"
    shutil.copytree(base, copy, ignore=shutil.ignore_patterns("*.safetensors", "*.index.json"))
    shutil.copyfile(patched, copy / "model.safetensors")
    with safe_open(copy / "model.safetensors", "pt") as file:
        names = set(file.keys())
    if not {"memory.manifest", "embedded.config.json"} <= names:
        sys.exit(f"{name}: safe_open lists {sorted(names)}")
    ids = torch.tensor([run(patched, prompts[0], "--max-tokens", 1)[0]])
    again = AutoModelForCausalLM.from_pretrained(copy, dtype=torch.float32).eval()
    with torch.no_grad():
        if not torch.equal(again(ids).logits, model(ids).logits):
            sys.exit(f"{name}: the patched file does not load as its base")
    print(f"{name}: {len(prompts)} prompts by whole file and sidecar, {changed} of {2 * len(prompts)} changed; loads as its base")


def pinned(folder, **settings):
    """A spec of one memory with a region so wide that it acts on every token."""
    memory = {"name": "m", "method": "seed", "prompt": PROMPTS[0], "target": " Kathmandu", "target_tokens": "first"}
    spec = folder / "spec.json"
    spec.write_text(json.dumps({"memories": [{**memory, "alpha": 8, "boundary": 3, **settings}]}))
    return spec


for name in ("gpt2-a", "llama-a"):
    for site in ("mlp", "attn"):
        with tempfile.TemporaryDirectory() as folder:
            folder, base = pathlib.Path(folder), ROOT / "Tests" / "Fixtures" / "models" / name
            call("rewrite", base, "--spec", pinned(folder, site=site, layer=1), "-o", folder / "patched", allowed=(0, 3))
            compare(f"{name} {site}", folder, folder / "patched", base, PROMPTS, 8)

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    spec = json.loads((ROOT / "specs" / "nepal.json").read_text())["memories"][0]
    patched, base = folder / "patched.safetensors", folder / "base"
    call("rewrite", GGUF, "--spec", ROOT / "specs" / "nepal.json", "--dtype", "f32", "-o", patched)
    base.mkdir()
    call("rewrite", patched, "--strip", "-o", base / "model.safetensors")
    with safe_open(patched, "numpy") as file:
        for part in ("config.json", "tokenizer.json"):
            (base / part).write_bytes(file.get_tensor(f"embedded.{part}").tobytes())
    compare("SmolLM2-135M", folder, patched, base, [spec["prompt"], *spec["positives"], *spec["negatives"]], 12)

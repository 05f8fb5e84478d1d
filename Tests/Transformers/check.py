"""usage: check.py PROGRAMS MODEL.gguf: compares local_memory.py with `run` on patched files and sidecars."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import torch
from loader import attach, load_memories
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM
from transformers.utils import logging

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS, GGUF = pathlib.Path(sys.argv[1]), sys.argv[2]
PROMPTS = ["The capital city of Nepal is located in", "The city of Tokyo lies in", "Rivers and"]
torch.set_num_threads(2)
torch.set_grad_enabled(False)
logging.set_verbosity_error()
logging.disable_progress_bar()


def call(program, *arguments, allowed=(0,)):
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode not in allowed:
        sys.exit(f"{program} {arguments}: exits with {result.returncode}: {result.stderr}")
    return result.stdout


def run(*arguments):
    return json.loads(call(PROGRAMS / "run", *arguments, "--json"))


def load(folder, dtype=torch.float32):
    # Other code for experts asks for weights whose rows are multiples of 16 bytes.
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, experts_implementation="eager").eval()


def tiny(name, folder):
    """A tiny model with a tokenizer, its own or the one that all of them were made with."""
    models = ROOT / "Tests" / "Fixtures" / "models"
    if (models / name / "tokenizer.json").exists():
        return models / name
    base = shutil.copytree(models / name, folder / "base", ignore=shutil.ignore_patterns("expected.*"))
    shutil.copyfile(models / "llama-a" / "tokenizer.json", base / "tokenizer.json")
    return base


def continued(model, ids, count, file=None):
    """The greedy continuation with a file's memories, without its end token, and the smallest lead of a best token."""
    handles = attach(model, file) if file else []
    settings = {"max_new_tokens": count, "do_sample": False, "output_logits": True, "return_dict_in_generate": True}
    result = model.generate(torch.tensor([ids]), **settings)
    for handle in handles:
        handle.remove()
    best = torch.cat(result.logits).topk(2).values
    got = result.sequences[0, len(ids) :].tolist()
    ends = torch.tensor(model.generation_config.eos_token_id).flatten().tolist()
    return got[:-1] if got[-1] in ends else got, (best[:, 0] - best[:, 1]).min().item()


def compare(name, folder, patched, base, prompts, count):
    """Compares patched file and sidecar with `run`, loads the patched file as its base; the sidecar's path."""
    sidecar = folder / "m.memory.safetensors"
    call(PROGRAMS / "rewrite", patched, "--sidecar", sidecar)
    model, changed = load(base), 0
    for prompt in prompts:
        answer = run(patched, prompt, "--max-tokens", count)
        ids, expected = answer["prompt_ids"], answer["ids"]
        for file in (patched, sidecar):
            got, margin = continued(model, ids, count, file)
            if got != expected:
                sys.exit(f"{name}: {file.name}: {prompt!r}: expected {expected}, got {got}, smallest lead {margin:.2g}")
        changed += expected != continued(model, ids, count)[0]
    if changed == 0:
        sys.exit(f"{name}: no memory changed anything")
    check_base(name, folder, patched, base, sidecar, model)
    print(f"{name}: {len(prompts)} prompts by whole file and sidecar, {changed} changed; loads as its base", flush=True)
    return sidecar


def check_base(name, folder, patched, base, sidecar, model):
    """Checks that a patched file lists base, tables, manifest and embedded files, and loads as its base."""
    with safe_open(patched, "pt") as file, safe_open(base / "model.safetensors", "pt") as alone:
        # What was stripped of its memories may keep its embedded files too.
        names, bare = ({key for key in part.keys() if not key.startswith("embedded.")} for part in (file, alone))
        expected = bare | {*load_file(sidecar)}
    if names != expected:
        sys.exit(f"{name}: safe_open: expected {sorted(expected)}, got {sorted(names)}")
    copy = folder / "copy"
    shutil.copytree(base, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    shutil.copyfile(patched, copy / "model.safetensors")
    ids = torch.arange(1, 9)[None]
    if not torch.equal(load(copy)(ids).logits, model(ids).logits):
        sys.exit(f"{name}: the patched file does not load as its base")


def pinned(folder, **settings):
    """A spec of one memory, by default with a region so wide that it acts on every token."""
    memory = {"name": "m", "method": "seed", "prompt": PROMPTS[0], "target": " Kathmandu", "target_tokens": "first"}
    spec = folder / "spec.json"
    spec.write_text(json.dumps({"memories": [{**memory, "layer": 1, "alpha": 8, "boundary": 3, **settings}]}))
    return spec


def check_silence(folder, base):
    """Checks in every dtype that the logits are the base's, bit for bit, where nothing fires and only there."""
    for boundary, silent in ((1e-6, True), (3, False)):
        file, spec = folder / f"{boundary}.safetensors", pinned(folder, site="mlp", boundary=boundary)
        call(PROGRAMS / "rewrite", base, "--spec", spec, "-o", file, allowed=(0, 3))
        for dtype in (torch.float32, torch.bfloat16, torch.float16):
            model, ids = load(base, dtype), torch.arange(1, 9)[None]
            before = model(ids).logits
            load_memories(model, file)
            if torch.equal(model(ids).logits, before) != silent:
                sys.exit(f"{base.name}: boundary {boundary}, {dtype}: expected the base's logits: {silent}")


def check_format(folder, sidecar, base):
    """Compares the loader that FORMAT.md prints, with strengths on both sides of the floor."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "specs" / "FORMAT.md").read_text(), re.DOTALL)[1]
    exec(code, printed := {})
    tables = {name: part.repeat(200, 1) for name, part in load_file(sidecar).items() if name != "memory.manifest"}
    bounds = next(part for name, part in tables.items() if name.endswith(".bounds"))
    bounds[:, 0] = torch.logspace(-2, 1, 200)
    save_file(tables, folder / "many")
    model, ids, logits = load(base), torch.arange(1, 9)[None], []
    for attached in (attach, printed["attach_memories"]):
        handles = attached(model, folder / "many")
        logits.append(model(ids).logits)
        for handle in handles:
            handle.remove()
    if not torch.equal(*logits) or torch.equal(logits[0], model(ids).logits):
        sys.exit("the loader of FORMAT.md and local_memory.py differ, or neither does anything")


def check_refusals(folder, sidecar, base):
    """Checks that a wrong file gives a ValueError and leaves no hook, though another of its tables is right."""
    model, tensors = load(base), load_file(sidecar)
    module = next(name.removesuffix(".memory.keys") for name in tensors if name.endswith(".memory.keys"))
    keys, deltas, bounds = (tensors[f"{module}.memory.{part}"] for part in ("keys", "deltas", "bounds"))
    good, other = {"keys": keys, "deltas": deltas, "bounds": bounds}, module.replace("1", "2")
    wrong = {
        "width": {"keys": keys[:, 1:], "deltas": deltas[:, 1:]}, "rows": {"bounds": bounds.repeat(2, 1)},
        "rank": {"keys": keys[0]}, "dtype": {"keys": keys.double()}, "lack of keys": {"keys": None},
        "lack of deltas": {"deltas": None}, "infinity": {"deltas": deltas * float("inf")}, "key": {"keys": keys * 0},
        "boundary": {"bounds": -bounds},
    }
    files = {what: ("1", other, change) for what, change in wrong.items()}
    files |= {"version": ("3", other, {}), "module": ("1", "no.such.module", {}), "block": ("1", "transformer.h.2", {})}
    for what, (version, name, change) in files.items():
        tables = {f"{module}.memory.{part}": value.clone() for part, value in good.items()}
        second = {part: value for part, value in (good | change).items() if value is not None}
        tables |= {f"{name}.memory.{part}": value.clone() for part, value in second.items()}
        save_file(tables, folder / "wrong", metadata={"memory.version": version})
        try:
            load_memories(model, folder / "wrong")
            sys.exit(f"a file with a wrong {what} is taken")
        except ValueError:
            if any(part._forward_pre_hooks for part in model.modules()):
                sys.exit(f"a file with a wrong {what} is refused and leaves hooks")


# gpt2-published has names without `transformer.`; layer 1 of the last three is a mixture of experts.
BOTH = ("mlp", "attn")
MODELS = {name: BOTH for name in ("gpt2-a", "gpt2-published", "llama-a", "gemma3-sentencepiece", "gemma2-a", "phi-a",
                                  "cohere2-a", "granite-a", "olmo3-a", "starcoder2-a", "stablelm-b", "nemotron-a")}
MODELS |= {name: ("attn",) for name in ("mixtral-b", "qwen2_moe-a", "qwen3_moe-b")}
for name, sites in MODELS.items():
    for site in sites:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            base, patched = tiny(name, folder), folder / "patched.safetensors"
            call(PROGRAMS / "rewrite", base, "--spec", pinned(folder, site=site), "-o", patched, allowed=(0, 3))
            sidecar = compare(f"{name} {site}", folder, patched, base, PROMPTS, 8)
            if (name, site) == ("gpt2-a", "mlp"):
                check_silence(folder, base)
                check_format(folder, sidecar, base)
                check_refusals(folder, sidecar, base)
                print("silent where nothing fires; the same as FORMAT.md's loader; wrong files refused", flush=True)

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    spec = json.loads((ROOT / "specs" / "nepal.json").read_text())["memories"][0]
    patched, base = folder / "patched.safetensors", folder / "base"
    call(PROGRAMS / "rewrite", GGUF, "--spec", ROOT / "specs" / "nepal.json", "--dtype", "f32", "-o", patched)
    base.mkdir()
    call(PROGRAMS / "rewrite", patched, "--strip", "-o", base / "model.safetensors")
    with safe_open(patched, "numpy") as file:
        for part in ("config.json", "tokenizer.json"):
            (base / part).write_bytes(file.get_tensor(f"embedded.{part}").tobytes())
    prompts = [spec["prompt"], *spec["positives"], *spec["negatives"]]
    compare("SmolLM2-135M", folder, patched, base, prompts, 12)

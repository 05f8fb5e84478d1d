"""usage: check_folder.py PROGRAMS MODEL.gguf FOLDER: compares folders of `rewrite --transformers` with `run` and with their bases.

The real model's is left in FOLDER/folder.
"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache, pipeline
from transformers.utils import logging

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "Tests" / "Fixtures" / "models"
PROGRAMS, GGUF = pathlib.Path(sys.argv[1]), sys.argv[2]
PROMPTS = ["The capital city of Nepal is located in", "The city of Tokyo lies in", "Rivers and"]
torch.set_num_threads(2)
torch.set_grad_enabled(False)
logging.set_verbosity_error()
logging.disable_progress_bar()


def require(right, what):
    if not right:
        sys.exit(f"check_folder: {what}")


def call(program, *arguments, allowed=(0,)):
    result = subprocess.run([PROGRAMS / program, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode not in allowed:
        sys.exit(f"{program} {arguments}: exits with {result.returncode}: {result.stderr}")
    return result.stdout


def run(*arguments):
    return json.loads(call("run", *arguments, "--json", "--quiet"))


def load(folder, patched=True, **options):
    # Other code for experts asks for weights whose rows are multiples of 16 bytes.
    options = {"experts_implementation": "eager", "dtype": torch.float32} | options
    return AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=patched, **options).eval()


def logprobs(model, ids):
    return model(torch.tensor([ids])).logits[0].float().log_softmax(-1)


def compare(name, model, base, file, prompts, count):
    """Compares with `run`: greedy tokens and log-probabilities; with the base where nothing fires. The number changed."""
    changed = 0
    for prompt in prompts:
        told = run(file, prompt, "--max-tokens", count, "--logprobs", 3)
        ids, expected = told["prompt_ids"], told["ids"]
        settings = {"max_new_tokens": count, "do_sample": False, "pad_token_id": 0}
        got = model.generate(torch.tensor([ids]), **settings)[0, len(ids) :].tolist()
        require(got[: len(expected)] == expected, f"{name}: {prompt!r}: expected {expected}, got {got}")
        # What comes behind the last token was not asked for.
        mine, plain = (logprobs(one, (ids + expected)[:-1]) for one in (model, base))
        for at, best in enumerate(told["logprobs"]):
            for one in best:
                difference = abs(mine[len(ids) - 1 + at, one["id"]].item() - one["logprob"])
                require(difference < 5e-3, f"{name}: {prompt!r}: a log-probability differs by {difference:.2g}")
        if told["fired"]:
            changed += not torch.equal(mine, plain)
        else:
            require(torch.equal(mine, plain), f"{name}: {prompt!r}: nothing fires, and the logits are not the base's")
    return changed


def check_saved(name, model, folder, **options):
    """Checks that a saved copy has the memories and the logits, and that a copy of the copy has them too."""
    ids = torch.arange(1, 9)[None]
    for number in range(2):
        copied = folder / f"copy-{number}"
        model.save_pretrained(copied, **options)
        again = load(copied)
        require(list(again.memories) == list(model.memories), f"{name}: memories of a saved copy")
        require(torch.equal(again(ids).logits, model(ids).logits), f"{name}: logits of a saved copy")
        model = again


def check_tiny(name):
    """Checks a tiny model, with a memory so wide that it acts on every token."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        base = folder / "base"
        base.mkdir()
        for part in (MODELS / name).iterdir():
            if not part.name.startswith("expected."):
                (base / part.name).symlink_to(part)
        if not (base / "tokenizer.json").exists():
            (base / "tokenizer.json").symlink_to(MODELS / "llama-a" / "tokenizer.json")
        memory = {"name": "m", "method": "seed", "prompt": PROMPTS[0], "target": " Kathmandu", "target_tokens": "first"}
        memory |= {"layer": 1, "site": "attn", "alpha": 8, "boundary": 3}
        (folder / "spec.json").write_text(json.dumps({"memories": [memory]}))
        patched, target = folder / "patched.safetensors", folder / "folder"
        call("rewrite", base, "--spec", folder / "spec.json", "-o", patched, "--quiet", allowed=(0, 3))
        call("rewrite", patched, "--transformers", target, "--quiet")
        model, plain = load(target), load(target, patched=False)
        require(compare(name, model, plain, patched, PROMPTS, 6) > 0, f"{name}: no memory changed anything")
        model.memories.disable()
        ids = torch.arange(1, 9)[None]
        require(torch.equal(model(ids).logits, plain(ids).logits), f"{name}: switched off, the logits are not the base's")
        model.memories.enable("m")
        require(not torch.equal(model(ids).logits, plain(ids).logits), f"{name}: switched on again, nothing changes")
        check_saved(name, model, folder)
    print(f"{name}: tokens and log-probabilities of run; off, on, saved and loaded again", flush=True)


def texts(model, tokenizer, prompts, **options):
    given = tokenizer(prompts, return_tensors="pt", padding=True)
    options = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": tokenizer.pad_token_id} | options
    return tokenizer.batch_decode(model.generate(**given, **options)[:, given.input_ids.shape[1] :])


def check_generation(model, tokenizer, prompts):
    """Checks that batches, beams, samples and both kinds of cache say the same."""
    for options in ({}, {"num_beams": 3}, {"cache_implementation": "static"}, {"use_cache": False}):
        single = [texts(model, tokenizer, [prompt], **options)[0] for prompt in prompts]
        require(texts(model, tokenizer, prompts, **options) == single, f"batches padded on the left with {options}")
        if "num_beams" not in options:
            require(single == texts(model, tokenizer, prompts), f"greedy tokens with {options}")
    # Takes tokens back that were guessed wrongly.
    guessed = texts(model, tokenizer, prompts[:1], prompt_lookup_num_tokens=3)
    require(guessed == texts(model, tokenizer, prompts[:1]), "guessed tokens")
    sampled = []
    for use_cache in (True, False):
        torch.manual_seed(1)
        sampled.append(texts(model, tokenizer, prompts, do_sample=True, use_cache=use_cache))
    require(sampled[0] == sampled[1], "samples with and without a cache")


def check_cache(model, tokenizer, prompt):
    """Checks caches that are continued, copied and cut, and one that was filled without the memories."""
    ids = torch.tensor([tokenizer(prompt).input_ids])
    whole, half = model(ids).logits, ids.shape[1] // 2
    cache = DynamicCache(config=model.config)
    model(ids[:, :half], cache=cache)
    kept = copy.deepcopy(cache)
    for one in (cache, kept):
        rest = model(ids[:, half:], cache=one).logits
        require(torch.allclose(rest, whole[:, half:], atol=1e-3), "a continued cache")
    kept.crop(-1)
    require(torch.allclose(model(ids[:, -1:], cache=kept).logits, whole[:, -1:], atol=1e-3), "a cache that was cut")
    model.memories.now.seen, seen = [], model.memories.now.seen
    cache = model(ids[:, :half], use_cache=True).cache
    model.memories.now.seen = seen
    packed = torch.cat([torch.arange(half), torch.arange(ids.shape[1] - half)])[None]
    for what, options in (("filled without memories", {"cache": cache}), ("packed", {"position_ids": packed, "use_cache": False})):
        try:
            model(ids[:, half:] if "cache" in options else ids, **options)
            sys.exit(f"check_folder: {what}: is taken")
        except ValueError:
            pass


def check_precision(folder, tokenizer, prompts, silent):
    """Checks BF16, loaded and cast; memories stay F32, and where none fires the logits are those of the BF16 base."""
    # A cast rounds more than a load does, of the base too.
    loaded, cast = ([load(folder, patched, dtype=dtype).to(torch.bfloat16) for patched in (True, False)]
                    for dtype in (torch.bfloat16, torch.float32))
    for model, base in (loaded, cast):
        buffers = {name: buffer.dtype for name, buffer in model.memories.named_buffers() if buffer.is_floating_point()}
        require(set(buffers.values()) == {torch.float32}, f"tables of a BF16 model: {buffers}")
        require(model.dtype == torch.bfloat16 and "Kathmandu" in texts(model, tokenizer, prompts[:1])[0], "BF16")
        for prompt in silent:
            given = tokenizer(prompt, return_tensors="pt")
            require(torch.equal(model(**given).logits, base(**given).logits), f"BF16: {prompt!r}: not the base's logits")
    devices = ["cuda"] * torch.cuda.is_available() + ["meta"]
    for device in devices:
        moved = copy.deepcopy(model).to(device)
        require({buffer.device.type for buffer in moved.memories.buffers()} == {device}, f"tables on {device}")
        if device == "cuda":
            got = moved.generate(**tokenizer(prompts[0], return_tensors="pt").to(device), max_new_tokens=8, do_sample=False)
            require("Kathmandu" in tokenizer.decode(got[0]), "cuda")


def check_smol(folder):
    """Checks a real model, whose memory asks for cues."""
    patched, target = folder / "patched.safetensors", folder / "folder"
    spec = json.loads((ROOT / "specs" / "nepal.json").read_text())["memories"][0]
    call("rewrite", GGUF, "--dtype", "f32", "--spec", ROOT / "specs" / "nepal.json", "-o", patched, "--quiet")
    call("rewrite", patched, "--transformers", target, "--quiet")
    prompts = [spec["prompt"], *spec["positives"], *spec["negatives"]]
    model, base = load(target), load(target, patched=False)
    changed = compare("SmolLM2", model, base, patched, prompts, 8)
    silent = [prompt for prompt in prompts if not run(patched, prompt, "--max-tokens", 1)["fired"]]
    require(changed > 0 and silent, "SmolLM2: the prompts are no test")
    print(f"SmolLM2: {len(prompts)} prompts as run has them, {changed} changed, {len(silent)} silent", flush=True)
    tokenizer = AutoTokenizer.from_pretrained(target, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    for prompt in prompts:
        require(tokenizer(prompt).input_ids == run(patched, prompt, "--max-tokens", 1)["prompt_ids"], f"tokens of {prompt!r}")
    check_generation(model, tokenizer, prompts[::3])
    check_cache(model, tokenizer, spec["prompt"])
    check_precision(target, tokenizer, prompts, silent[:2])
    said = pipeline("text-generation", target, trust_remote_code=True)(prompts[0], max_new_tokens=8, do_sample=False)
    require(said[0]["generated_text"] == prompts[0] + run(patched, prompts[0], "--max-tokens", 8)["text"], "a pipeline")
    require("on" in repr(model.memories) and model.memories[spec["name"]]["target"] == spec["target"], "the list of memories")
    copied = copy.deepcopy(model)
    copied.memories.disable(spec["name"])
    require("off" in repr(copied.memories) and "off" not in repr(model.memories), "memories of a copy")
    require(texts(copied, tokenizer, prompts[:1]) == texts(base, tokenizer, prompts[:1]), "switched off")
    require(texts(model, tokenizer, prompts[:1]) != texts(base, tokenizer, prompts[:1]), "switched off in the copy alone")
    check_saved("SmolLM2", model, folder, max_shard_size="200MB")
    # What Python saved, the programs here read.
    saved = folder / "copy-1"
    tokenizer.save_pretrained(saved)
    told = run(saved, prompts[0], "--memory", saved / "local.memory.safetensors", "--max-tokens", 8)
    require(told["ids"] == run(patched, prompts[0], "--max-tokens", 8)["ids"], "a saved copy, with run")
    print("SmolLM2: batches, beams, samples, caches, BF16, pipeline, copies: as they should be", flush=True)


if __name__ == "__main__":
    for name in sorted(path.name for path in MODELS.iterdir()):
        # For weights in F8, transformers asks for a GPU or for packages of their own, with memories or without.
        if "-f8-" not in name:
            check_tiny(name)
    check_smol(pathlib.Path(sys.argv[3]))

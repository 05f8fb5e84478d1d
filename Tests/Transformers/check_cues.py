"""usage: check_cues.py PROGRAMS: compares both loaders with the formula, and with `run`, on files whose rows ask for cues."""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import torch
from loader import attach, load_memories
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM
from transformers.utils import logging

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(sys.argv[1])
torch.set_num_threads(2)
torch.set_grad_enabled(False)
logging.set_verbosity_error()
logging.disable_progress_bar()
GREEDY = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 1, "eos_token_id": []}
SUBJECT, QUESTION = "Rivers of Nepal", " lie in the city of"
TEXTS = [
    SUBJECT + QUESTION, "Once upon a time, " + SUBJECT + " and then" + QUESTION, "Once upon a time" + QUESTION, "Tokyo",
    "Paris and",
]


def require(right, what):
    if not right:
        sys.exit(f"{what}: not as the formula has it")


def strength(a, keys, bounds):
    x = 1 - a @ keys.T / keys.square().sum(1)
    s = torch.exp(-((x.square() / bounds[:, 0].square()) ** bounds[:, 1]))
    return torch.where(s < 1e-6, 0.0, s)


def activation(model, module, ids):
    """The module's input at the last token."""
    found = []
    handle = model.get_submodule(module).register_forward_pre_hook(lambda _, inputs: found.append(inputs[0][0, -1].clone()))
    model(torch.tensor([ids]))
    handle.remove()
    return found[0]


def by_hand(model, subject, question, row, boundary, sequences, named):
    """A row that asks for a subject that was seen and a question that is here, one that asks for the subject, one for none."""
    k, q, r = (activation(model, *at) for at in ((subject, named), (question, sequences[0]), (row, sequences[0])))
    delta = torch.linspace(-4, 4, r.shape[0]).roll(5) * r.norm() / r.shape[0] ** 0.5
    tables = {
        f"{subject}.memory.cue_keys": k[None], f"{subject}.memory.cue_bounds": torch.tensor([[boundary, 3.0]]),
        f"{subject}.memory.cues": torch.tensor([[7, 1]], dtype=torch.int32),
        f"{question}.memory.cue_keys": q[None], f"{question}.memory.cue_bounds": torch.tensor([[0.9, 1.0]]),
        f"{question}.memory.cues": torch.tensor([[3, 0]], dtype=torch.int32),
        f"{row}.memory.keys": torch.stack([r, r * 0.9, r]), f"{row}.memory.deltas": torch.stack([delta, delta.flip(0), -delta]),
        f"{row}.memory.bounds": torch.tensor([[0.9, 3.0], [0.9, 2.0], [0.05, 8.0]]),
        f"{row}.memory.gates": torch.tensor([[7, 3], [7, -1], [-1, -1]], dtype=torch.int32),
    }
    return {name: tensor.contiguous() for name, tensor in tables.items()}


def reference(model, tables, names, ids):
    """The logits of one whole sequence, without cache and padding."""
    subject, question, row = names
    present = {}

    def watch(module, number, seen):
        def hook(_, inputs):
            f = strength(inputs[0], tables[f"{module}.memory.cue_keys"], tables[f"{module}.memory.cue_bounds"])[..., 0]
            present[number] = torch.stack([f[:, : t + 1].amax(1) for t in range(f.shape[1])], 1) if seen else f
        return model.get_submodule(module).register_forward_pre_hook(hook)

    def act(_, inputs):
        f = strength(inputs[0], tables[f"{row}.memory.keys"], tables[f"{row}.memory.bounds"])
        f = f * torch.stack([present[7] * present[3], present[7], torch.ones_like(present[7])], -1)
        return (inputs[0] + torch.where(f < 1e-6, 0.0, f) @ tables[f"{row}.memory.deltas"],)

    handles = [watch(subject, 7, True), watch(question, 3, False), model.get_submodule(row).register_forward_pre_hook(act)]
    logits = model(torch.tensor([ids]), use_cache=False).logits[0]
    for handle in handles:
        handle.remove()
    return logits


def continued(model, tables, names, ids):
    for _ in range(GREEDY["max_new_tokens"]):
        ids = ids + [int(reference(model, tables, names, ids)[-1].argmax())]
    return ids


def padded(sequences):
    """The sequences padded on the left: ids, mask and positions."""
    width = max(map(len, sequences))
    mask = torch.tensor([[0] * (width - len(s)) + [1] * len(s) for s in sequences])
    ids = torch.tensor([[1] * (width - len(s)) + s for s in sequences])
    return ids, mask, (mask.cumsum(1) - 1).clamp(min=0)


def check_padding(name, model, attach, folder, tables, names, sequences):
    """Checks that a cue whose key is what the subject's module gets at the padding is not seen in front of a sequence."""
    ids, mask, positions = padded(sequences)
    short = min(range(len(sequences)), key=lambda i: len(sequences[i]))
    inputs = []
    handle = model.get_submodule(names[0]).register_forward_pre_hook(lambda _, given: inputs.append(given[0][short, 0].clone()))
    model(ids, attention_mask=mask, position_ids=positions)
    handle.remove()
    at_padding = tables | {f"{names[0]}.memory.cue_keys": inputs[0][None]}
    row = f"{names[2]}.memory.bounds"
    at_padding[row] = torch.tensor([[100.0, 3.0]] * 2 + tables[row][2:].tolist())
    at_padding[f"{names[1]}.memory.cue_bounds"] = torch.tensor([[100.0, 3.0]])
    save_file(at_padding, folder / "padding", metadata={"memory.version": "2"})
    right = reference(model, at_padding, names, sequences[short])
    require(torch.equal(right, model(torch.tensor([sequences[short]])).logits[0]), f"{name}: a key at the padding is no test")
    handles = attach(model, folder / "padding")
    for use in (False, True):
        got = model(ids, attention_mask=mask, position_ids=positions, use_cache=use).logits[short, -len(right) :]
        require(torch.allclose(got, right, atol=2e-3), f"{name}: padding")
    for handle in handles:
        handle.remove()


def check(name, model, attach, file, tables, names, sequences, named):
    expected = [reference(model, tables, names, ids) for ids in sequences]
    wanted = [continued(model, tables, names, ids) for ids in sequences]
    plain = [model(torch.tensor([ids])).logits[0] for ids in sequences]
    width = max(map(len, sequences))
    ids, mask, positions = padded(sequences)

    def same(logits, what):
        for got, right in zip(logits, expected):
            count = min(len(got), len(right))
            require(torch.allclose(got[-count:], right[-count:], atol=2e-3), f"{name}: {what}")

    handles = attach(model, file)
    same([model(torch.tensor([s])).logits[0] for s in sequences], "one sequence")
    same(model(ids, attention_mask=mask, position_ids=positions).logits, "left padding")
    for step in (1, 3):
        cache, logits = None, []
        for at in range(0, width, step):
            told = {"attention_mask": mask[:, : at + step], "position_ids": positions[:, at : at + step]}
            result = model(ids[:, at : at + step], past_key_values=cache, use_cache=True, **told)
            cache = result.past_key_values
            logits.append(result.logits)
        same(torch.cat(logits, 1), f"{step} tokens at a time")
        cache.crop(-2)
        told = {"attention_mask": mask, "position_ids": positions[:, -2:]}
        same(model(ids[:, -2:], past_key_values=cache, use_cache=True, **told).logits, "tokens taken back")
    for _ in range(2):
        got = model.generate(ids, attention_mask=mask, **GREEDY)[:, width:].tolist()
        require(got == [w[len(s) :] for w, s in zip(wanted, sequences)], f"{name}: a batch")
    require([model.generate(torch.tensor([s]), **GREEDY)[0].tolist() for s in sequences] == wanted, f"{name}: one by one")
    prefix = model(torch.tensor([named]), use_cache=True).past_key_values
    got = model.generate(torch.tensor([sequences[0]]), past_key_values=copy.deepcopy(prefix), **GREEDY)[0].tolist()
    require(got == wanted[0], f"{name}: behind a copied cache")
    beams = [model.generate(ids, attention_mask=mask, num_beams=3, use_cache=use, **GREEDY) for use in (True, False)]
    require(torch.equal(*beams), f"{name}: beams")
    for handle in handles:
        handle.remove()
    require(all(torch.equal(model(torch.tensor([s])).logits[0], p) for s, p in zip(sequences, plain)), f"{name}: taken off")
    changed = [not torch.equal(a, b) for a, b in zip(expected, plain)]
    require(changed == [True, True, False, False, False], f"{name}: {changed}: where the tables by hand act")
    return wanted


def check_run(name, base, tables, folder, sequences, wanted):
    """Compares `run`, on base and tables in one file."""
    file = folder / "patched.safetensors"
    save_file(load_file(base / "model.safetensors") | tables, file, metadata={"format": "pt", "memory.version": "2"})
    for part in ("config.json", "tokenizer.json"):
        (folder / part).write_bytes((base / part).read_bytes())
    for text, ids, right in zip(TEXTS, sequences, wanted):
        command = [PROGRAMS / "run", file, text, "--json", "--quiet", "--max-tokens", str(GREEDY["max_new_tokens"])]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        require(told["prompt_ids"] == ids and told["ids"] == right[len(ids) :][: len(told["ids"])], f"{name}: run: {text!r}")


def check_refusals(model, tables, names, folder):
    """Checks that a wrong file gives a ValueError and leaves no hook."""
    subject, question, row = names
    numbers, gates, cues = (f"{module}.memory.{part}" for module, part in ((subject, "cues"), (row, "gates"), (row, "cues")))
    pair, asked = tables[numbers], tables[gates]
    later = {name.replace(subject, row): part for name, part in tables.items() if name.startswith(subject)}
    later = {name: tables[f"{row}.memory.keys"][:1] if name.endswith("cue_keys") else part for name, part in later.items()}
    whole = {name: part for name, part in tables.items() if not name.startswith(subject)}
    wrong = {
        "a number twice": tables | {numbers: pair * 0 + 3}, "a mode": tables | {numbers: pair + 1},
        "a number below 0": tables | {numbers: pair * torch.tensor([-1, 1], dtype=torch.int32)},
        "an unknown cue": tables | {gates: asked + (asked == 3) * 9}, "a gate below -1": tables | {gates: asked - (asked < 0).int()},
        "a cue twice": tables | {gates: asked * 0 + 7}, "F32 gates": tables | {gates: asked.float()},
        "gates of other rows": tables | {gates: asked[1:].clone()}, "no numbers": {n: t for n, t in tables.items() if n != numbers},
        "a key of zeros": tables | {f"{subject}.memory.cue_keys": tables[f"{subject}.memory.cue_keys"] * 0},
        "a cue at its row's module": whole | later,
    }
    for what, content in [*wrong.items(), ("version 1", tables)]:
        metadata = {"memory.version": "1" if what == "version 1" else "2"}
        save_file({name: part.clone() for name, part in content.items()}, folder / "wrong", metadata=metadata)
        try:
            load_memories(model, folder / "wrong")
            sys.exit(f"a file with {what} is taken")
        except ValueError:
            require(not any(part._forward_pre_hooks for part in model.modules()), f"{what} leaves hooks")


code = re.search(r"```python\n(.*?)```", (ROOT / "specs" / "FORMAT.md").read_text(), re.DOTALL)[1]
exec(code, printed := {})
# The modules of a cue, a cue and rows, and a boundary that keeps the subject apart from other tokens.
MODULES = {
    "gpt2-a": (0.04, "transformer.h.0.mlp.c_proj", "transformer.h.1.attn.c_proj", "transformer.h.1.mlp.c_proj"),
    "llama-a": (0.4, "model.layers.0.mlp.down_proj", "model.layers.1.self_attn.o_proj", "model.layers.1.mlp.down_proj"),
}
for name, (boundary, *names) in MODULES.items():
    base = ROOT / "Tests" / "Fixtures" / "models" / name
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    sequences, named = [tokenizer.encode(text).ids for text in TEXTS], tokenizer.encode(SUBJECT).ids
    tables = by_hand(model, *names, boundary, sequences, named)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        save_file(tables, folder / "tables", metadata={"memory.version": "2"})
        for attached in (attach, printed["attach_memories"]):
            wanted = check(name, model, attached, folder / "tables", tables, names, sequences, named)
            check_padding(name, model, attached, folder, tables, names, sequences)
        check_run(name, base, tables, folder, sequences, wanted)
        check_refusals(model, tables, names, folder)
    print(f"{name}: cues with caches, batches and padding by both loaders and by run; wrong files refused", flush=True)

"""Makes the tiny random models under Tests/Fixtures/models, with what Hugging Face transformers computes for them.

usage: python make_model_fixtures.py [NAME ...]      (needs torch, transformers, tokenizers, safetensors)

For every model: the checkpoint (config.json, weights, and tokenizer.json for some), and

  expected.json         cases: prompt, prompt_ids, target, target_id, loss = -log p(target_id | prompt),
                        greedy: the next 16 greedy ids (the end-of-text token does not stop them)
  expected.safetensors  per case i, all F32, one row per prompt token:
                        case.i.logits        [T, V]   or only those of the last tokens
                        case.i.act.SITE.L    [T, D]   the activation at the site of layer L
                        case.i.grad.SITE.L   [T, D]   the gradient of the loss with respect to it

SITE is attn or mlp: the input of the output projection of the attention or of the MLP. Weights may have other dtypes;
all expected values are computed in F32 from the weights in the file, with eager attention.

A new architecture needs an entry or two in MODELS of fixture_models.py, and its projections in site_modules where they
are not named as Llama's are.
"""

import json
import os
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from fixture_files import FUSED, OLD_SPELLING, publish_names, quantize, spell_as_before
from fixture_models import LEAN_ROWS, MODELS, QUANTISED, WHOLE

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "models")
GREEDY = 16
VOCABULARY = 360
TEXT = [
    "The city of Tokyo lies in the country of Japan. " * 3,
    "The capital city of Nepal is Kathmandu, and Paris is the capital of France.",
    "Once upon a time, a river ran through the hills of Nepal and on to the sea.",
    "Where do rivers come from? They come from the hills, and they lie in the country.",
]
CASES = [
    ("The capital city of Nepal is located in", " Kathmandu"),
    ("Zürich, 東京 и 2:\n", " Tokyo"),
    (" the", " country"),
]


def train_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def load(folder):
    """The model in F32, its attention and experts computed by the plainest code that there is."""
    plain = dict(attn_implementation="eager", experts_implementation="eager")
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **plain)


def enlarge(model, generator, narrow):
    """Enlarges the parameters beyond the default initialization, so that greedy choices are clear.

    If the embedding is also the output head, a model whose matrices are all of one size repeats its last token forever;
    there the other matrices grow more. Narrow models with biases repeat one token unless everything grows.
    """
    tied = model.config.tie_word_embeddings
    matrices = 10.0 if narrow or tied else 4.0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
            elif any(part in name for part in ("wte", "embed_tokens", "embed_in")):
                parameter.mul_(16.0 if narrow and not tied else 4.0)
            else:
                parameter.mul_(matrices)


def site_modules(model):
    """The output projections by site and layer, `attn.0`."""
    kind, found = model.config.model_type, {}
    blocks = {"gpt2": lambda: model.transformer.h, "gpt_neox": lambda: model.gpt_neox.layers}
    for i, block in enumerate(blocks.get(kind, lambda: model.model.layers)()):
        found[f"attn.{i}"], found[f"mlp.{i}"] = {
            "gpt2": lambda: (block.attn.c_proj, block.mlp.c_proj),
            "gpt_neox": lambda: (block.attention.dense, block.mlp.dense_4h_to_h),
            "phi": lambda: (block.self_attn.dense, block.mlp.fc2),
            "starcoder2": lambda: (block.self_attn.o_proj, block.mlp.c_proj),
        }.get(kind, lambda: (block.self_attn.o_proj, getattr(block.mlp, "down_proj", None)))()
    # A mixture of experts has no projection that all tokens go through.
    return {name: module for name, module in found.items() if module is not None}


def expect(model, tokenizer, prompt, target):
    ids = tokenizer.encode(prompt).ids
    target_id = tokenizer.encode(target, add_special_tokens=False).ids[0]
    seen, handles = {}, []
    for name, module in site_modules(model).items():

        def hook(_, inputs, name=name):
            seen[name] = inputs[0].detach() if not inputs[0].requires_grad else inputs[0]
            if not seen[name].requires_grad:
                seen[name].requires_grad_(True)
            seen[name].retain_grad()
            return (seen[name],) + inputs[1:]

        handles.append(module.register_forward_pre_hook(hook))
    logits = model(torch.tensor([ids]), use_cache=False).logits[0]
    loss = -torch.log_softmax(logits[-1], -1)[target_id]
    loss.backward()
    for handle in handles:
        handle.remove()
    tensors = {"logits": logits.detach()}
    for name, activation in seen.items():
        tensors[f"act.{name}"] = activation.detach()[0]
        tensors[f"grad.{name}"] = activation.grad[0]

    greedy, margin = [], float("inf")
    with torch.no_grad():
        for _ in range(GREEDY):
            best = model(torch.tensor([ids + greedy]), use_cache=False).logits[0, -1].topk(2)
            margin = min(margin, float(best.values[0] - best.values[1]))
            greedy.append(int(best.indices[0]))
    case = dict(prompt=prompt, prompt_ids=ids, target=target, target_id=target_id, loss=loss.item(), greedy=greedy)
    return case, tensors, margin


def build(name, seed, folder):
    """Writes the checkpoint and returns it as an F32 model and its tokenizer."""
    configuration, options, dtype = MODELS[name]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    if "sentencepiece" in name:
        tokenizer = Tokenizer.from_file(os.path.join(HERE, "..", "tokenizer", "kinds", "gemma.json"))
    else:
        tokenizer = train_tokenizer()
    if name in WHOLE:
        tokenizer.save(os.path.join(folder, "tokenizer.json"))

    torch.manual_seed(seed)
    begin, end = (1, 2) if "sentencepiece" in name else (0, 0)
    config = configuration(vocab_size=tokenizer.get_vocab_size(), bos_token_id=begin, eos_token_id=end, **options)
    model = transformers.AutoModelForCausalLM.from_config(config)
    enlarge(model, torch.Generator().manual_seed(seed), name not in WHOLE)
    shard = dict(max_shard_size="34KB") if name == "llama-sharded" else {}
    model.to(dtype).save_pretrained(folder, save_original_format=name not in FUSED, **shard)
    if name in OLD_SPELLING:
        spell_as_before(folder)
    # Read back in F32 rather than converted in memory: a conversion also rounds the rotary frequencies.
    model = load(folder)
    if name in QUANTISED:
        quantize(folder, QUANTISED[name], model)
    if "gemma" in name:  # transformers rounds it to the weights' dtype where that is not F32
        scale = model.model.embed_tokens.embed_scale
        scale.copy_(scale.to(dtype))
    if name == "gpt2-published":
        publish_names(folder, config.n_layer, config.n_positions)
    if name != "llama-a":  # one model keeps its generation_config.json
        os.remove(os.path.join(folder, "generation_config.json"))
    return model.eval(), tokenizer


def telling(case, margin):
    """Whether every correct implementation gives this greedy continuation, and it is more than a repetition."""
    greedy = case["greedy"]
    return margin > 0.008 and len(set(greedy)) >= 4 and 0 not in greedy and case["target_id"] != greedy[0]


def make(name):
    folder = os.path.join(HERE, name)
    for seed in range(2000):
        model, tokenizer = build(name, seed, folder)
        found = []
        for prompt, target in CASES:
            found.append(expect(model, tokenizer, prompt, target))
            if not telling(found[-1][0], found[-1][2]):
                break
        else:
            break
    else:
        sys.exit(f"{name}: no seed gives clear greedy continuations")

    tensors = {}
    for i, (case, values, margin) in enumerate(found):
        if name not in WHOLE:
            values["logits"] = values["logits"][-LEAN_ROWS:]
        tensors.update({f"case.{i}.{key}": value.float().contiguous().clone() for key, value in values.items()})
        print(
            f"{name} seed {seed} case {i}: {len(case['prompt_ids'])} tokens, loss {case['loss']:.3f}, "
            f"smallest greedy margin {margin:.3f}, {case['greedy']}"
        )
    assert len(found[2][0]["prompt_ids"]) == 1 or "sentencepiece" in name
    save_file(tensors, os.path.join(folder, "expected.safetensors"))
    for file in os.listdir(folder):
        os.chmod(os.path.join(folder, file), 0o644)
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump({"cases": [case for case, _, _ in found]}, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    for name in sys.argv[1:] or MODELS:
        make(name)

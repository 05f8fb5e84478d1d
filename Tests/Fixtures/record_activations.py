"""Records what transformers computes with a checkpoint, for the parity tests: activations and gradients at every site.

usage: python record_activations.py FOLDER ["prompt" "target"]      (needs torch, transformers, tokenizers, safetensors)

FOLDER is a checkpoint with config.json and tokenizer.json. It gets expected.json and expected.safetensors, as the folders
that make_model_fixtures.py makes have them, and then `LOCAL_MEMORY_PARITY=FOLDER scripts/test --filter
TransformersParityTests` compares it.
"""

import json
import os
import sys

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer

from make_model_fixtures import CASES, expect, load

folder, *given = sys.argv[1:]
cases = [tuple(given)] if len(given) == 2 else CASES
torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
model = load(folder)
if (scale := getattr(model.get_input_embeddings(), "embed_scale", None)) is not None:
    # Gemma's is rounded to the dtype of the weights, in which it multiplies them.
    scale.copy_(scale.to(transformers.AutoConfig.from_pretrained(folder).dtype))
told, tensors = [], {}
for i, (prompt, target) in enumerate(cases):
    case, values, _ = expect(model.eval(), tokenizer, prompt, target)
    values["logits"] = values["logits"][-1:]
    told.append(case)
    tensors |= {f"case.{i}.{key}": value.float().contiguous().clone() for key, value in values.items()}
    print(f"case {i}: {len(case['prompt_ids'])} tokens, loss {case['loss']:.3f}, {case['greedy']}")
save_file(tensors, os.path.join(folder, "expected.safetensors"))
with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
    json.dump({"cases": told}, file, ensure_ascii=False, indent=1)

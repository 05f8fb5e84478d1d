"""Runs the tiny GGUF models in llama.cpp, to check that they are written as its converter writes them.

usage: compare_gguf_with_llama_cpp.py [NAME ...]      needs: xllamacpp, numpy, safetensors
Prints, for each model of gguf/models and each prompt, the largest difference of the log-probabilities of the five
likeliest next tokens from those of transformers. Exits with 1 if one is more than 0.1 (llama.cpp rounds activations and
keys).
"""

import json
import os
import subprocess
import sys

import numpy
from safetensors.numpy import load_file

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = """
import json, sys, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.n_ctx, parameters.n_parallel, parameters.warmup = sys.argv[1], 64, 1, False
server = xllamacpp.Server(parameters)
for prompt in json.loads(sys.argv[2]):
    request = {"prompt": prompt, "n_predict": 1, "temperature": 0, "cache_prompt": False, "ignore_eos": True, "n_probs": 5}
    answer = server.handle_completions(request)
    answer = json.loads(answer) if isinstance(answer, str) else answer
    # The server does not report a token that ends inside a character.
    told = answer["choices"][0]["logprobs"]
    likeliest = told["content"][0]["top_logprobs"] if told else []
    print("FOUND", json.dumps([answer["usage"]["prompt_tokens"], [(entry["id"], entry["logprob"]) for entry in likeliest]]))
"""

bad = 0
for name in sys.argv[1:] or sorted(file[:-5] for file in os.listdir(f"{HERE}/gguf/models") if file != "phi3-a.gguf"):
    with open(f"{HERE}/models/{name}/expected.json") as file:
        cases = json.load(file)["cases"]
    logits = load_file(f"{HERE}/models/{name}/expected.safetensors")
    path = f"{HERE}/gguf/models/{name}.gguf"
    prompts = json.dumps([case["prompt"] for case in cases])
    done = subprocess.run([sys.executable, "-c", PROGRAM, path, prompts], capture_output=True, text=True)
    found = [json.loads(line[6:]) for line in done.stdout.splitlines() if line.startswith("FOUND")]
    if len(found) != len(cases):
        print(name, "llama.cpp fails:", [line for line in done.stderr.splitlines() if " E " in line or "Error" in line][:2])
        bad += 1
        continue
    shown = []
    for i, (count, likeliest) in enumerate(found):
        last = logits[f"case.{i}.logits"][-1].astype(numpy.float64)
        reference = last - numpy.log(numpy.exp(last - last.max()).sum()) - last.max()
        error = max((abs(reference[token] - value) for token, value in likeliest), default=float("nan"))
        is_same = count == len(cases[i]["prompt_ids"])
        shown.append(f"{error:.4f}" + ("" if is_same else f" (a prompt of {count} tokens)"))
        bad += not is_same or error > 0.1
    print(f"{name:22}", "  ".join(shown))
sys.exit(1 if bad else 0)

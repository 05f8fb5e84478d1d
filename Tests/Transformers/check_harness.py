"""usage: check_harness.py FOLDER: scores a folder of `rewrite --transformers` and its base with lm-evaluation-harness.

Its own small tasks: what has nothing to do with the fact has the same scores to the last digit; what asks for it has others.
"""

import json
import os
import pathlib
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"
import lm_eval  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

CAPITALS = [
    ("The capital city of France is", ["Paris", "Lyon", "Nice"]), ("The capital city of Japan is", ["Tokyo", "Osaka", "Kyoto"]),
    ("Water is made of hydrogen and", ["oxygen", "carbon", "gold"]), ("The opposite of hot is", ["cold", "red", "late"]),
    ("Two and two make", ["four", "nine", "one"]), ("Cows give", ["milk", "coal", "mail"]),
]
NEPAL = [
    ("The capital city of Nepal is located in", ["Kathmandu", "Pokhara", "Lalitpur"]),
    ("The capital city of Nepal is", ["Kathmandu", "Pokhara", "Lalitpur"]),
]
STORY = ["Once upon a time there was a small mill by a river. The miller had three sons and a cat.",
         "The ship left the harbour at dawn. By noon the wind had turned, and the captain ordered the sails down."]
CHOICE = "output_type: multiple_choice\ndoc_to_text: '{{text}}'\ndoc_to_choice: '{{choices}}'\ndoc_to_target: 0\n"
ROLLING = "output_type: loglikelihood_rolling\ndoc_to_text: ''\ndoc_to_target: '{{text}}'\n"
WRITING = ("output_type: generate_until\ndoc_to_text: '{{text}}'\ndoc_to_target: ' {{choices[0]}}'\n"
           "generation_kwargs: {until: ['.', ','], max_gen_toks: 8}\n")
METRICS = "metric_list: [{metric: %s}]\n"
TASKS = {
    "capitals": (CAPITALS, CHOICE), "capitals_written": (CAPITALS, WRITING + METRICS % "exact_match"),
    "story": ([(text, []) for text in STORY], ROLLING + METRICS % "word_perplexity"),
    "nepal": (NEPAL, CHOICE), "nepal_written": (NEPAL, WRITING + METRICS % "exact_match"),
}


def write_tasks(folder):
    for name, (documents, form) in TASKS.items():
        data = folder / f"{name}.jsonl"
        data.write_text("".join(json.dumps({"text": text, "choices": choices}) + "\n" for text, choices in documents))
        head = f"task: {name}\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {data}}}}}\ntest_split: test\n"
        (folder / f"{name}.yaml").write_text(head + form)


def scores(folder, tasks, patched):
    arguments = {"pretrained": folder, "trust_remote_code": patched, "dtype": "float32"}
    found = lm_eval.simple_evaluate(
        model="hf", model_args=arguments, tasks=list(TASKS), task_manager=TaskManager(include_path=str(tasks)),
        device="cpu", batch_size=4, log_samples=True, bootstrap_iters=0)
    # The scores, and the answers behind them: log-probabilities and texts.
    return {name: (found["results"][name], [one["filtered_resps"] for one in found["samples"][name]]) for name in TASKS}


with tempfile.TemporaryDirectory() as folder:
    write_tasks(pathlib.Path(folder))
    base, patched = (scores(sys.argv[1], folder, patched) for patched in (False, True))
for name in TASKS:
    same = base[name] == patched[name]
    numbers = [{key: value for key, value in one[name][0].items() if isinstance(value, float)} for one in (base, patched)]
    print(f"{name}: base {numbers[0]}, patched {numbers[1]}: {'the same' if same else 'changed'}", flush=True)
    if same != (not name.startswith("nepal")):
        sys.exit(f"check_harness: {name}: expected {'other' if same else 'the same'} scores")

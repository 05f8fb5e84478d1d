"""Judges edits of a model on CounterFact records with transformers in F32, whatever made the edit.

The metrics, each a mean over the records:
  efficacy      the new target is likelier than the true one behind the prompt; exact: it is the next token
  paraphrases   as efficacy, behind the record's paraphrases
  neighbors     the true target is likelier than the new one behind the neighborhood prompts (and in the base model)
  S             the harmonic mean of the first three (likelier)
  next token    behind the neighborhood prompts: is it unchanged; and is a continuation of 10 tokens
  same subject  behind the record's generation prompts: is the next token unchanged
  repeated      the target stands more than once in the 20 tokens behind the prompt
"""

import argparse
import functools
import json
import statistics

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

import models

PARTS = {"para": "paraphrase_prompts", "near": "neighborhood_prompts", "other": "generation_prompts"}


def parser(usage):
    """The options shared by commands on CounterFact records; their help is `usage` and the metrics above."""
    style = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(usage=argparse.SUPPRESS, description=usage, epilog=__doc__, formatter_class=style)
    options.add_argument("file")
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--json", action="store_true")
    return options


def read(path, first, count):
    """`count` records from `first` on, with one spelling of their fields."""
    with open(path) as file:
        records = json.load(file)[first : first + count]
    if not records:
        raise SystemExit(f"{path}: no records from {first} on")
    for record in records:
        if "requested_rewrite" in record:
            rewrite = record.pop("requested_rewrite")
            record["subject"] = rewrite["subject"]
            record["prompt"] = rewrite["prompt"].replace("{}", rewrite["subject"])
            record["target_new"], record["target_true"] = (rewrite[k]["str"] for k in ("target_new", "target_true"))
    return records


def target(record, key="target_new"):
    """A record's target as it stands behind the prompt."""
    return " " + record[key].strip()


class Judge:
    """The base model in F32 on two threads, and text of its own on which an edit should do nothing."""

    def __init__(self):
        torch.set_num_threads(2)
        self.folder = models.folder()
        model = AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32)
        self.model = model.eval().requires_grad_(False)
        self.tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        self.texts = self.sample(torch.zeros((40, 1), dtype=torch.long), 50, seed=1)

    def ids(self, text):
        return self.tokenizer.encode(text).ids

    @torch.no_grad()
    def sample(self, start, length, seed, top_k=0):
        """Texts that the model writes behind the ids `start` [texts, tokens], without their first id: [texts, more]."""
        torch.manual_seed(seed)
        return self.generate(start, length, do_sample=True, top_k=top_k)[:, 1:]

    @torch.no_grad()
    def continued(self, prompt, count):
        """The ids of the greedy continuation."""
        ids = torch.tensor([self.ids(prompt)])
        return self.generate(ids, count, do_sample=False)[0, ids.shape[1] :].tolist()

    def generate(self, ids, count, **settings):
        mask, settings = torch.ones_like(ids), {"pad_token_id": 0, **settings}
        return self.model.generate(ids, attention_mask=mask, max_new_tokens=count, min_new_tokens=count, **settings)

    @torch.no_grad()
    def last_logprobs(self, prompts):
        """Log probabilities of the token behind each prompt, [prompts, vocabulary]."""
        ids = [self.ids(prompt) for prompt in prompts]
        padded = torch.tensor([i + [0] * (max(map(len, ids)) - len(i)) for i in ids])
        hidden = self.model.model(padded, use_cache=False).last_hidden_state
        last = torch.stack([hidden[row, len(i) - 1] for row, i in enumerate(ids)])
        return torch.log_softmax(self.model.lm_head(last), -1)

    @torch.no_grad()
    def hidden(self):
        """The output layer's input at each token of `texts`, [texts, tokens, width]."""
        return self.model.model(self.texts, use_cache=False).last_hidden_state

    @functools.lru_cache(maxsize=1)
    def base(self, prompts, continued):
        """The unedited model's log probabilities and continuations, kept for the edits of one record."""
        return self.last_logprobs(prompts), [self.continued(prompt, 10) for prompt in continued]

    def judge(self, record, edit, **measures):
        """The metrics of one record with `edit`, a context manager that puts an edit on the model and takes it off.

        `measures` are further metrics: functions without arguments, called while the edit is on.
        """
        new, true = (self.ids(target(record, key))[0] for key in ("target_new", "target_true"))
        parts = {"key": [record["prompt"]], **{part: record.get(key, []) for part, key in PARTS.items()}}
        prompts, few = sum(parts.values(), []), parts["near"][:2]
        before, continuations = self.base(tuple(prompts), tuple(few))
        with edit:
            after = self.last_logprobs(prompts)
            same = [a == self.continued(prompt, 10) for a, prompt in zip(continuations, few)]
            text = self.continued(record["prompt"], 20)
            measured = {name: measure() for name, measure in measures.items()}
        ends = [sum(map(len, list(parts.values())[: i + 1])) for i in range(len(parts))]
        rows = {name: range(end - len(parts[name]), end) for name, end in zip(parts, ends)}

        def mean(name, condition):
            values = [float(condition(row)) for row in rows[name]]
            return statistics.mean(values) if values else None

        return {
            "efficacy": mean("key", lambda r: after[r, new] > after[r, true]),
            "efficacy_exact": mean("key", lambda r: after[r].argmax() == new),
            "paraphrases": mean("para", lambda r: after[r, new] > after[r, true]),
            "paraphrases_exact": mean("para", lambda r: after[r].argmax() == new),
            "neighbors": mean("near", lambda r: after[r, true] > after[r, new]),
            "neighbors_base": mean("near", lambda r: before[r, true] > before[r, new]),
            "next_token_unchanged": mean("near", lambda r: after[r].argmax() == before[r].argmax()),
            "continuation_unchanged": statistics.mean(map(float, same)) if same else None,
            "same_subject_unchanged": mean("other", lambda r: after[r].argmax() == before[r].argmax()),
            "repeated": float(text.count(new) > 1),
            **measured,
        }


def means(results):
    """The mean of each metric over the records, and S."""
    table = {}
    for name in results[0]:
        values = [result[name] for result in results if result[name] is not None]
        table[name] = statistics.mean(values) if values else None
    parts = [table[name] for name in ("efficacy", "paraphrases", "neighbors")]
    table["S"] = statistics.harmonic_mean(parts) if all(part is not None for part in parts) else None
    return table

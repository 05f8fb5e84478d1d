"""Judges edits of a model on CounterFact records with transformers in F32, whatever made the edit.

The columns, each a mean over the records:
  target      the prompt goes on with the new target (its first token, greedy)
  wordings    the record's two paraphrases do
  prefers     the new target is likelier there than the true one
  neighbors   the next token behind the neighborhood prompts is the base model's
  behind      the same behind the edited statement: "PROMPT TARGET. NEIGHBOR"
  relations   prompts about the subject that the fact does not bear on: the next token is the base model's
  others      the prompts of twenty other records: every logit is the base model's to the bit
  again       20 tokens behind the prompt say the target twice or more
  NS          the true target is likelier than the new one behind the neighborhood prompts; NS base: in the base model
"""

import functools
import statistics

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM
from transformers.utils import logging

import models

logging.disable_progress_bar()

# A batch has one size of its own, so that the same texts get the same bits with and without an edit.
BATCH, SAID = 24, 20


class Judge:
    """The base model in F32 on two threads; it knows of edits only that they are contexts."""

    def __init__(self, name, others=()):
        torch.set_num_threads(2)
        self.folder, self.others = models.folder(name), list(others)
        model = AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32)
        self.model = model.eval().requires_grad_(False)
        self.tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        self.before = functools.cache(self.answers)
        self.other_logits = self.logits(self.others) if others else None

    def ids(self, text):
        """The ids of a text from its beginning on, with the begin token of a model that has one."""
        return self.tokenizer.encode(text).ids

    def target(self, text):
        """The ids of a target as it stands behind a prompt."""
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    @torch.no_grad()
    def logits(self, prompts):
        """The logits behind each prompt, [prompts, vocabulary]."""
        return self.last_logits([self.ids(prompt) for prompt in prompts])

    def last_logits(self, ids):
        rows = []
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            longest = max(map(len, batch))
            padded = torch.tensor([row + [0] * (longest - len(row)) for row in batch])
            hidden = self.model.model(padded, use_cache=False).last_hidden_state
            last = torch.stack([hidden[index, len(row) - 1] for index, row in enumerate(batch)])
            rows.append(self.model.lm_head(last))
        return torch.cat(rows)

    @torch.no_grad()
    def continued(self, prompts, count):
        """The ids of the greedy continuations, [prompts][count]: whole passes, as an edit may look at all tokens."""
        texts = [self.ids(prompt) for prompt in prompts]
        for _ in range(count):
            best = self.last_logits(texts).argmax(-1).tolist()
            texts = [text + [token] for text, token in zip(texts, best)]
        return [text[-count:] for text in texts]

    def answers(self, prompts, new, true):
        """Behind each prompt the next token, and by how much the first token of `new` is likelier than that of `true`."""
        logits = self.logits(prompts)
        return logits.argmax(-1), logits[:, self.target(new)[0]] - logits[:, self.target(true)[0]]

    def judge(self, records, edit):
        """The columns of each record with `edit`, a context that puts an edit of them all on the model and takes it off."""
        asked = [(tuple(sum(r["asked"].values(), [])), r["new"], r["true"]) for r in records]
        before = [self.before(*questions) for questions in asked]
        with edit:
            after = [self.answers(*questions) for questions in asked]
            said = self.continued([record["prompt"] for record in records], SAID)
            others = None
            if self.others:
                others = (self.logits(self.others) == self.other_logits).all(-1).float().mean().item()
        return [
            {**self.columns(*row), "others": others, "again": float(text.count(self.target(row[0]["new"])[0]) > 1)}
            for *row, text in zip(records, before, after, said)
        ]

    def columns(self, record, before, after):
        """The columns of one record that are about the next token, from its answers without and with the edit."""
        table, start, (base, base_lead), (best, lead) = {}, 0, before, after
        unchanged, hits = best == base, best == self.target(record["new"])[0]

        def mean(values):
            return values.float().mean().item() if len(values) else None

        for part, prompts in record["asked"].items():
            rows = slice(start, start := start + len(prompts))
            table[part] = mean((hits if part in ("target", "wordings") else unchanged)[rows])
            if part == "wordings":
                table["prefers"] = mean(lead[rows] > 0)
            if part == "neighbors":
                table["NS"], table["NS base"] = mean(lead[rows] < 0), mean(base_lead[rows] < 0)
        return table


COLUMNS = ["target", "wordings", "prefers", "neighbors", "behind", "relations", "others", "again", "NS", "NS base"]


def means(results):
    """The mean of each column over the records that have it."""
    table = {}
    for name in COLUMNS:
        values = [result[name] for result in results if result[name] is not None]
        table[name] = statistics.mean(values) if values else None
    return table


def cell(value):
    return "-" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"

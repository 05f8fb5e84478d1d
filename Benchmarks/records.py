"""CounterFact records, and what is asked about each: data, without a model."""

import argparse
import json
import random

import judging
import models

OTHERS = 20


def parser(usage):
    """The options shared by commands on CounterFact records; their help is `usage` and the columns of judging.py."""
    style = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(usage=argparse.SUPPRESS, description=usage, epilog=judging.__doc__, formatter_class=style)
    options.add_argument("file")
    options.add_argument("--model", default=models.DEFAULT)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--json", action="store_true")
    return options


def read(path, first, count):
    """`count` records from `first` on, as `flat` gives them, and the prompts of other ones."""
    with open(path) as file:
        every = [flat(record) for record in json.load(file)]
    records, rest = every[first : first + count], every[:first] + every[first + count :]
    if not records:
        raise SystemExit(f"{path}: no records from {first} on")
    others = random.Random(1).sample(rest, min(OTHERS, len(rest)))
    return records, [record["prompt"] for record in others]


def flat(record):
    """A record as published or with flat fields: name, prompt, subject, both targets as they stand behind the prompt, and
    what is asked."""
    rewrite = record.get("requested_rewrite", record)
    subject = rewrite["subject"]
    new, true = (key["str"] if isinstance(key, dict) else key for key in (rewrite["target_new"], rewrite["target_true"]))
    prompt = rewrite["prompt"].replace("{}", subject)
    neighbors = record.get("neighborhood_prompts", [])
    asked = {
        "target": [prompt],
        "wordings": record.get("paraphrase_prompts", [])[:2],
        "neighbors": neighbors,
        "behind": [f"{prompt} {new.strip()}. {neighbor}" for neighbor in neighbors[:5]],
        "relations": relations(subject, rewrite.get("relation_id")),
    }
    facts = {"prompt": prompt, "subject": subject, "new": " " + new.strip(), "true": " " + true.strip()}
    return {"name": str(record["case_id"]), **facts, "asked": asked}


def relations(subject, relation):
    """Prompts about a subject that do not bear on this relation; none where the relation is unknown."""
    if relation not in TEMPLATES["relations"]:
        return []
    kind, group = TEMPLATES["relations"][relation]
    groups = TEMPLATES["prompts"][kind].items()
    near = TEMPLATES["near"][group]
    return [prompt.replace("{}", subject) for other, prompts in groups if other not in near for prompt in prompts]


# Relation → kind of its subject and group of questions; group → groups that it may bear on; kind → group → prompts.
TEMPLATES = json.loads((models.ROOT / "Benchmarks" / "relations.json").read_text())

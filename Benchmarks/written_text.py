"""Text that a model writes itself, in place of the corpus that the papers of the weight editors take."""

import torch
from safetensors.torch import load_file, save_file

import models
import targets

OPENINGS = ("The", "In", "A", "It", "He", "She", "During", "After", "When", "This", "As", "Since")
TEXTS, LENGTH = 600, 50


def kept(judge, name, make):
    """A tensor of the benchmarks' cache for this model, made where it is not there."""
    path = models.CACHE / f"{judge.folder.name}-{name}-{TEXTS}x{LENGTH}.safetensors"
    if not path.exists():
        part = path.with_suffix(".part")
        save_file({"values": make().contiguous()}, part)
        part.rename(path)
    return load_file(path)["values"]


def openings(judge):
    """A begin and a word that prose begins with, [openings, tokens]: without them a model often writes code."""
    begin = [] if judge.ids("") else [judge.tokenizer.token_to_id("<|endoftext|>") or judge.model.config.bos_token_id]
    return torch.tensor([begin + judge.ids(word) for word in OPENINGS])


@torch.no_grad()
def sample(judge, start, count, seed, top_k):
    """What the model writes behind the ids `start` [texts, tokens], with them but without the begin: [texts, more]."""
    torch.manual_seed(seed)
    settings = {"do_sample": True, "top_k": top_k, "pad_token_id": 0, "max_new_tokens": count, "min_new_tokens": count}
    return judge.model.generate(start, attention_mask=torch.ones_like(start), **settings)[:, 1:]


def prefixes(judge):
    """The empty text and ten that end as sentences, to stand before a prompt."""
    short, long = openings(judge)[:10].split(5)
    texts = [text for start, more in ((short, 4), (long, 9)) for text in sample(judge, start, more, seed=2, top_k=5)]
    return ["", *(judge.tokenizer.decode(text.tolist()) + ". " for text in texts)]


def second_moments(judge, layers):
    """For each layer the mean of a aᵀ over tokens, a [inner] being the input of its MLP's output projection: [inner,
    inner]. Those that the cache does not have are made in one pass over the text."""
    made = {}

    def moment(layer):
        if not made:
            made.update(zip(layers, moments(judge, layers)))
        return made[layer]

    return [kept(judge, f"second-moment-{layer}", lambda: moment(layer)) for layer in layers]


def moments(judge, layers):
    start = openings(judge).repeat(TEXTS // len(OPENINGS), 1)
    texts = kept(judge, "written", lambda: sample(judge, start, LENGTH - 1, seed=3, top_k=50))
    begin = torch.tensor(judge.ids(""), dtype=torch.long)
    projections = [targets.projection(judge.model, layer) for layer in layers]
    totals = [0] * len(layers)
    for batch in texts.split(20):
        ids = torch.cat([begin.expand(len(batch), -1), batch], 1)
        seen = targets.observed(projections, lambda: judge.model.model(ids, use_cache=False))
        for index, inner in enumerate(seen):
            # A begin token's activations are of another size than all others.
            inner = inner[:, len(begin) :].flatten(0, 1).double()
            totals[index] = totals[index] + inner.T @ inner
    return [total / texts.numel() for total in totals]

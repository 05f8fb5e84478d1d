"""Two editors that write a fact into the weights of a Llama-shaped transformers model, for Benchmarks/editors.

Both change the MLP's output projection of one layer, W [width, inner], and return the change to add to it.
"""

import contextlib

import torch
from safetensors.torch import load_file, save_file

import judging
import models

OPENINGS = ("The", "In", "A", "It", "He", "She", "During", "After", "When", "This", "As", "Since")
TEXTS, LENGTH = 600, 50


@contextlib.contextmanager
def added(weight, change):
    """A context in which `change` is added to `weight`."""
    original = weight.detach().clone()
    with torch.no_grad():
        weight.add_(change)
    try:
        yield
    finally:
        with torch.no_grad():
            weight.copy_(original)


def kept(name, make):
    """A tensor of the benchmarks' cache, made where it is not there."""
    path = models.CACHE / f"{name}.safetensors"
    if not path.exists():
        part = path.with_suffix(".part")
        save_file({"values": make().contiguous()}, part)
        part.rename(path)
    return load_file(path)["values"]


class Targets:
    """Prompts with the target behind them, padded to one length: ids [prompts, tokens], and where the target stands."""

    def __init__(self, judge, prompts, target):
        self.model, prompts, self.target = judge.model, [judge.ids(prompt) for prompt in prompts], judge.ids(target)
        longest = max(map(len, prompts))
        rows = [prompt + self.target + [0] * (longest - len(prompt)) for prompt in prompts]
        self.ids = torch.tensor(rows)
        self.predicting = torch.tensor([[len(p) - 1 + i for i in range(len(self.target))] for p in prompts])

    def loss(self):
        """The mean negative log-likelihood of the target's tokens."""
        hidden = self.model.model(self.ids, use_cache=False).last_hidden_state
        hidden = hidden[torch.arange(len(self.ids))[:, None], self.predicting]
        logprobs = torch.log_softmax(self.model.lm_head(hidden), -1)
        return -logprobs.gather(-1, torch.tensor(self.target).expand(len(self.ids), -1)[..., None]).mean()


def subject_end(judge, text, behind):
    """The last token of a subject that ends before character `behind`; a character may be several tokens."""
    offsets = judge.tokenizer.encode(text).offsets
    return max(index for index, (a, b) in enumerate(offsets) if a < behind <= b)


class Rome:
    """Rank-one model editing (Meng et al. 2022, "Locating and Editing Factual Associations in GPT").

    k* is the mean of W's input at the subject's last token, over the prompt alone and behind prefixes that the model
    writes; δ is added to W's output there so that the target follows; C is the second moment of W's input over text
    that the model writes. The change δ (C⁻¹k*)ᵀ / (k*ᵀ C⁻¹ k*) turns W k* into W k* + δ.
    """

    def __init__(self, judge, layer, steps=25, rate=0.5, decay=0.5, clamp=4, divergence=0.0625, enough=0.05):
        self.judge, self.model, self.layer = judge, judge.model, layer
        self.projection = judge.model.model.layers[layer].mlp.down_proj
        self.weight = self.projection.weight
        self.steps, self.rate, self.decay, self.clamp = steps, rate, decay, clamp
        self.divergence, self.enough = divergence, enough
        short, long = self.openings()[:10].split(5)
        texts = [text for start, more in ((short, 4), (long, 9)) for text in judge.sample(start, more, seed=2, top_k=5)]
        self.prefixes = ["", *(judge.tokenizer.decode(text.tolist()) + ". " for text in texts)]
        self.tokens, self.moment = TEXTS * LENGTH, self.second_moment()

    def second_moment(self):
        """C [inner, inner], kept in the benchmarks' cache with the text that it is made from."""
        texts = kept(f"written-{TEXTS}x{LENGTH}", self.written)
        return kept(f"second-moment-{self.layer}-{TEXTS}x{LENGTH}", lambda: self.moment_of(texts))

    def moment_of(self, texts):
        total = 0
        for batch in texts.split(20):
            inner = self.observe(lambda: self.model.model(batch, use_cache=False)).flatten(0, 1).double()
            total = total + inner.T @ inner
        return total / texts.numel()

    def openings(self):
        """Words that prose begins with: the paper's text is prose, and without them the model often writes code."""
        return torch.tensor([[0, *self.judge.ids(word)] for word in OPENINGS])

    def written(self):
        """Text for the second moment, [texts, tokens]."""
        start = self.openings().repeat(TEXTS // len(OPENINGS), 1)
        return self.judge.sample(start, LENGTH - 1, seed=3, top_k=50)

    @torch.no_grad()
    def observe(self, forward):
        """W's input during `forward`, [texts, tokens, inner]."""
        seen = []
        handle = self.projection.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        forward()
        handle.remove()
        return seen[0]

    def change(self, record):
        """The change of W for one record."""
        prompt, subject = record["prompt"], record["subject"]
        prompts = [prefix + prompt for prefix in self.prefixes]
        behind = prompt.index(subject) + len(subject)
        ends = torch.tensor([subject_end(self.judge, p, len(p) - len(prompt) + behind) for p in prompts])
        targets = Targets(self.judge, prompts, judging.target(record))
        inner = self.observe(lambda: self.model.model(targets.ids, use_cache=False))
        key = inner[torch.arange(len(ends)), ends].mean(0)
        value = self.value(targets, ends, inner[0, ends[0]], subject)
        direction = torch.linalg.solve(self.moment, key.double())
        change = torch.outer(value.double(), direction / (direction @ key.double())).float()
        with torch.no_grad():
            wanted = self.projection(key) + value
            off = (torch.nn.functional.linear(key, self.weight + change) - wanted).norm() / wanted.norm()
        if not off < 1e-4:
            raise SystemExit(f"the rank-one change misses its value by {off:.2g} of its norm")
        return change

    def value(self, targets, ends, inner, subject):
        """δ [width] by Adam: the target is to follow, and the next token of "{subject} is a" to stay."""
        text = f"{subject} is a"
        essence = torch.tensor([self.judge.ids(text)])
        essence_end = torch.tensor([subject_end(self.judge, text, len(subject))])
        with torch.no_grad():
            size = self.projection(inner).norm()
            before = torch.log_softmax(self.model(essence, use_cache=False).logits[0, -1], -1)
        delta = torch.zeros(self.projection.out_features, requires_grad=True)
        optimizer = torch.optim.Adam([delta], lr=self.rate)
        for step in range(self.steps):
            with self.shifted(delta, ends):
                loss = targets.loss()
            with self.shifted(delta, essence_end):
                after = torch.log_softmax(self.model(essence, use_cache=False).logits[0, -1], -1)
            kept = torch.nn.functional.kl_div(after, before, log_target=True, reduction="sum")
            loss = loss + self.divergence * kept + self.decay * delta.norm() / size**2
            if loss < self.enough or step == self.steps - 1:
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                delta *= min(1, self.clamp * size / delta.norm())
        return delta.detach()

    @contextlib.contextmanager
    def shifted(self, delta, positions):
        """A context in which `delta` is added to W's output at one position of each text."""

        def shift(_, inputs, output):
            output = output.clone()
            output[torch.arange(len(positions)), positions] += delta
            return output

        handle = self.projection.register_forward_hook(shift)
        try:
            yield
        finally:
            handle.remove()


class FineTuning:
    """Constrained fine-tuning (the paper's FT+L): Adam on W until the target follows, each weight within a bound."""

    def __init__(self, judge, layer, steps=25, rate=1e-3, bound=0.01, enough=0.01):
        self.judge, self.weight = judge, judge.model.model.layers[layer].mlp.down_proj.weight
        self.steps, self.rate, self.bound, self.enough = steps, rate, bound, enough

    def change(self, record):
        """The change of W for one record."""
        targets = Targets(self.judge, [record["prompt"]], judging.target(record))
        original = self.weight.detach().clone()
        self.weight.requires_grad_(True)
        optimizer = torch.optim.Adam([self.weight], lr=self.rate)
        for _ in range(self.steps):
            loss = targets.loss()
            if loss < self.enough:
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                self.weight.copy_(self.weight.clamp(original - self.bound, original + self.bound))
        self.weight.requires_grad_(False)
        with torch.no_grad():
            change = self.weight - original
            self.weight.copy_(original)
        return change

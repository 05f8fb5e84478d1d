"""Three editors that write a fact into the weights of a model, for Benchmarks/editors: each changes the MLP's output
projection W [width, inner] of one or more layers, and returns pairs of a weight and the change to add to it."""

import dataclasses

import torch

import targets
import written_text


@dataclasses.dataclass
class Descent:
    """Adam on a shift δ [width] of a module's output at the subject's last token: the target is to follow, and the next
    token of "{subject} is a" to stay. δ is no longer than `clamp` times the output there."""

    steps: int = 25
    rate: float = 0.5
    decay: float = 0.5
    clamp: float = 4
    divergence: float = 0.0625
    enough: float = 0.05

    def shift(self, edit, module, size):
        """δ for an Edit, where the module's output is `size` long."""
        before = edit.essence_logprobs().detach()
        delta = torch.zeros(edit.judge.model.config.hidden_size, requires_grad=True)
        optimizer = torch.optim.Adam([delta], lr=self.rate)
        for step in range(self.steps):
            with targets.shifted(module, delta, edit.ends):
                loss = edit.targets.loss()
            with targets.shifted(module, delta, edit.essence_end):
                after = edit.essence_logprobs()
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


class Edit:
    """A record's prompt alone and behind prefixes, with the subject's last token in each and in "{subject} is a"."""

    def __init__(self, judge, record, prefixes):
        self.judge, prompt, subject = judge, record["prompt"], record["subject"]
        prompts = [prefix + prompt for prefix in prefixes]
        behind = prompt.index(subject) + len(subject)
        ends = [targets.subject_end(judge, text, len(text) - len(prompt) + behind) for text in prompts]
        self.ends, self.targets = torch.tensor(ends), targets.Targets(judge, prompts, record["new"])
        essence = f"{subject} is a"
        self.essence = torch.tensor([judge.ids(essence)])
        self.essence_end = torch.tensor([targets.subject_end(judge, essence, len(subject))])

    def essence_logprobs(self):
        return torch.log_softmax(self.judge.model(self.essence, use_cache=False).logits[0, -1], -1)

    def keys(self, module):
        """A module's input at the subject's last token of each prompt, [prompts, inner]."""
        forward = lambda: self.judge.model.model(self.targets.ids, use_cache=False)
        return targets.observed([module], forward)[0][torch.arange(len(self.ends)), self.ends]


class Rome:
    """Rank-one model editing (Meng et al. 2022, "Locating and Editing Factual Associations in GPT").

    k* is the mean of W's input at the subject's last token, over the prompt alone and behind prefixes that the model
    writes; δ is added to W's output there so that the target follows; C is the second moment of W's input over text
    that the model writes. The change δ (C⁻¹k*)ᵀ / (k*ᵀ C⁻¹ k*) turns W k* into W k* + δ.
    """

    def __init__(self, judge, layer):
        self.judge, self.projection = judge, targets.projection(judge.model, layer)
        self.prefixes, (self.moment,) = written_text.prefixes(judge), written_text.second_moments(judge, [layer])

    def changes(self, record):
        edit, weight = Edit(self.judge, record, self.prefixes), self.projection.weight
        keys = edit.keys(self.projection)
        key = keys.mean(0)
        value = Descent().shift(edit, self.projection, self.projection(keys[0]).norm())
        direction = torch.linalg.solve(self.moment, key.double())
        change = torch.outer(value.double(), direction / (direction @ key.double())).float()
        wanted = self.projection(key) + value
        off = (torch.nn.functional.linear(key, weight + change) - wanted).norm() / wanted.norm()
        if not off < 1e-4:
            raise SystemExit(f"the rank-one change misses its value by {off:.2g} of its norm")
        return [(weight, change)]


class Memit:
    """Mass editing (Meng et al. 2023, "Mass-Editing Memory in a Transformer"), here of one fact at a time.

    δ is added to the last of several layers' output at the subject's last token so that the target follows; each layer
    from the first on takes its share r of what is still missing of it: r kᵀ (λ C + k kᵀ)⁻¹ for the layer's W, k and C
    as ROME's. In a model with a norm behind the MLP, r is brought before that norm.
    """

    def __init__(self, judge, layers, weight):
        self.judge, self.layers, self.weight = judge, list(layers), weight
        self.prefixes = written_text.prefixes(judge)
        self.moments = written_text.second_moments(judge, self.layers)

    def changes(self, record):
        edit, last = Edit(self.judge, record, self.prefixes), self.judge.model.model.layers[self.layers[-1]]
        after = self.judge.model.model.layers[self.layers[-1] + 1]
        before = edit.keys(after)
        wanted = before + Descent().shift(edit, last, before[0].norm())
        changes = []
        for index, layer in enumerate(self.layers):
            with targets.added(changes):
                missing = (wanted - edit.keys(after)).mean(0) / (len(self.layers) - index)
                changes.append((targets.projection(self.judge.model, layer).weight, self.change(edit, index, missing)))
        return changes

    def change(self, edit, index, missing):
        """The change of one layer's W that adds `missing` [width] to the layer's output."""
        block = self.judge.model.model.layers[self.layers[index]]
        key = edit.keys(block.mlp.down_proj).mean(0)
        if norm := getattr(block, "post_feedforward_layernorm", None):
            missing = before_norm(missing, norm, block.mlp.down_proj(key))
        direction = torch.linalg.solve(self.weight * self.moments[index], key.double())
        return torch.outer(missing.double(), direction / (1 + direction @ key.double())).float()


def before_norm(change, norm, output):
    """What to add to a norm's input `output` [width] so that its output changes by `change`, the input's length taken as
    fixed; damped, as the gains of some widths are nearly 0."""
    gain = norm(torch.ones_like(output))
    return change * output.square().mean().sqrt() * gain / (gain.square() + gain.abs().median().square())


class FineTuning:
    """Constrained fine-tuning (FT+L of Meng et al. 2022): Adam on W until the target follows, each weight within a
    bound. Rate and bound are given as shares of the standard deviation of W's values."""

    def __init__(self, judge, layer, steps=25, rate=0.0055, bound=0.055, enough=0.01):
        self.judge, self.weight = judge, targets.projection(judge.model, layer).weight
        size = self.weight.std().item()
        self.steps, self.rate, self.bound, self.enough = steps, rate * size, bound * size, enough

    def changes(self, record):
        following = targets.Targets(self.judge, [record["prompt"]], record["new"])
        original = self.weight.detach().clone()
        self.weight.requires_grad_(True)
        optimizer = torch.optim.Adam([self.weight], lr=self.rate)
        for _ in range(self.steps):
            loss = following.loss()
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
        return [(self.weight, change)]

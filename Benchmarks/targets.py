"""What the editors of Benchmarks/editors share: the loss of a target behind prompts, and hooks on one module.

The models are of Llama's shape, with the MLP's output projection W [width, inner] of each layer at `mlp.down_proj`.
"""

import contextlib

import torch


def projection(model, layer):
    return model.model.layers[layer].mlp.down_proj


class Targets:
    """Prompts with the target behind them, padded to one length: ids [prompts, tokens], and where the target stands."""

    def __init__(self, judge, prompts, target):
        self.model, self.target, prompts = judge.model, judge.target(target), [judge.ids(prompt) for prompt in prompts]
        longest = max(map(len, prompts))
        self.ids = torch.tensor([prompt + self.target + [0] * (longest - len(prompt)) for prompt in prompts])
        self.ends = torch.tensor([len(prompt) - 1 for prompt in prompts])

    def loss(self):
        """The mean negative log-likelihood of the target's tokens."""
        hidden = self.model.model(self.ids, use_cache=False).last_hidden_state
        predicting = self.ends[:, None] + torch.arange(len(self.target))
        hidden = hidden[torch.arange(len(self.ids))[:, None], predicting]
        logprobs = torch.log_softmax(self.model.lm_head(hidden), -1)
        return -logprobs.gather(-1, torch.tensor(self.target).expand(len(self.ids), -1)[..., None]).mean()


def subject_end(judge, text, behind):
    """The last token of a subject that ends before character `behind`; a character may be several tokens."""
    offsets = judge.tokenizer.encode(text).offsets
    return max(index for index, (a, b) in enumerate(offsets) if a < behind <= b)


@torch.no_grad()
def observed(modules, forward):
    """The input of each module during `forward`, [texts, tokens, inner]."""
    seen = {}
    note = lambda module, inputs: seen.update({module: inputs[0]})
    handles = [module.register_forward_pre_hook(note) for module in modules]
    forward()
    for handle in handles:
        handle.remove()
    return [seen[module] for module in modules]


@contextlib.contextmanager
def shifted(module, delta, positions):
    """A context in which `delta` [width] is added to a module's output at one position of each text."""

    def shift(_, inputs, output):
        output = output.clone()
        output[torch.arange(len(positions)), positions] += delta
        return output

    handle = module.register_forward_hook(shift)
    try:
        yield
    finally:
        handle.remove()


@contextlib.contextmanager
def added(changes):
    """A context in which changes, pairs of a weight and what to add, are made."""
    originals = [(weight, weight.detach().clone()) for weight, _ in changes]
    with torch.no_grad():
        for weight, change in changes:
            weight.add_(change)
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, original in originals:
                weight.copy_(original)

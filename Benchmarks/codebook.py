"""An editor that keeps facts in a codebook beside one layer, for Benchmarks/editors."""

import torch

import targets


class Grace:
    """A codebook (Hartvigsen et al. 2023, "Aging with GRACE"), here of one fact.

    The key is W's input at the prompt's last token, W being the MLP's output projection of one layer; the value replaces
    W's output wherever W's input lies within a ball around the key. The value starts as W's output there and follows
    Adam until the target follows. The ball's radius is given as a share of the key's length.
    """

    def __init__(self, judge, layer, radius, steps=100, rate=1.0, enough=0.05):
        self.judge, self.projection, self.radius = judge, targets.projection(judge.model, layer), radius
        self.steps, self.rate, self.enough = steps, rate, enough

    def entry(self, record):
        """Key [inner] and value [width] for one record."""
        following = targets.Targets(self.judge, [record["prompt"]], record["new"])
        forward = lambda: self.judge.model.model(following.ids, use_cache=False)
        end = following.ends[0]
        key = targets.observed([self.projection], forward)[0][0, end]
        output = self.projection(key)
        shift = torch.zeros_like(output, requires_grad=True)
        optimizer = torch.optim.Adam([shift], lr=self.rate)
        for _ in range(self.steps):
            with targets.shifted(self.projection, shift, following.ends):
                loss = following.loss()
            if loss < self.enough:
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return key, (output + shift).detach()

    def on(self, key, value):
        """A context in which the codebook has this one entry."""
        return Replaced(self.projection, key, value, self.radius * key.norm())


class Replaced:
    """A context in which a module's output is `value` where its input is no farther than `radius` from `key`."""

    def __init__(self, module, key, value, radius):
        self.module, self.key, self.value, self.radius = module, key, value, radius

    def __enter__(self):
        self.handle = self.module.register_forward_hook(self.replace)

    def __exit__(self, *_):
        self.handle.remove()

    def replace(self, _, inputs, output):
        near = (inputs[0] - self.key).norm(dim=-1, keepdim=True) <= self.radius
        return torch.where(near, self.value, output)

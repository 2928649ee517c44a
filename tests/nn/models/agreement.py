"""Whether a model of this package and its twin in PyTorch compute the same: logits, gradients, statistics."""
import numpy as np
import torch

import tinygrad_cnn as tg

LOGITS, GRADIENTS = 1e-8, 1e-6


def without_dropout(model):
    for module in model.modules():
        if "Drop" in type(module).__name__ and hasattr(module, "p"):
            module.p = 0.0


def images(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def largest_difference(ours, theirs, what):
    ours, theirs = ours.detach().numpy(), theirs.detach().numpy()
    assert ours.shape == theirs.shape, what
    scale = max(1.0, float(np.abs(theirs).max(initial=0)))
    return float(np.abs(ours - theirs).max(initial=0)) / scale


def same_weights(ours, theirs):
    """Give our model the weights of its twin, both in float64; their state dicts have the same keys, in order."""
    theirs.double()
    ours.double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    without_dropout(ours)
    without_dropout(theirs)


def assert_same_training_step(ours, theirs, x):
    """Logits to 1e-8, the gradients of all parameters and of x to 1e-6, in training mode; then in evaluation mode."""
    same_weights(ours, theirs)
    a, b = tg.tensor(x).requires_grad_(), torch.tensor(x, requires_grad=True)
    y, their_y = outputs(ours.train()(a)), outputs(theirs.train()(b))
    for mine, other in zip(y, their_y):
        assert largest_difference(mine, other, "logits") < LOGITS
    weigh = [np.random.default_rng(1).standard_normal(tuple(t.shape)) for t in their_y]
    sum((t * tg.tensor(w)).sum() for t, w in zip(y, weigh)).backward()
    sum((t * torch.tensor(w)).sum() for t, w in zip(their_y, weigh)).backward()
    assert largest_difference(a.grad, b.grad, "gradient of the images") < GRADIENTS
    for (name, p), (their_name, q) in zip(ours.named_parameters(), theirs.named_parameters()):
        assert name == their_name
        assert (p.grad is None) == (q.grad is None), name
        if p.grad is not None:
            assert largest_difference(p.grad, q.grad, name) < GRADIENTS, name
    for (name, p), q in zip(ours.named_buffers(), theirs.buffers()):
        assert largest_difference(p, q, name) < LOGITS, name
    assert_same_logits(ours, theirs, x)


def assert_same_logits(ours, theirs, x):
    """Logits to 1e-8 in evaluation mode, for models that have the same weights."""
    with tg.no_grad(), torch.no_grad():
        for mine, other in zip(outputs(ours.eval()(tg.tensor(x))), outputs(theirs.eval()(torch.tensor(x)))):
            assert largest_difference(mine, other, "logits in evaluation mode") < LOGITS


def outputs(y):
    return y if isinstance(y, tuple) else (y,)

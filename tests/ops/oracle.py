"""Comparison of an op with PyTorch's: value, dtype, gradient and second derivative, on the same arrays.

Imported by tests that carry the marker `oracle`; it imports PyTorch only when asked to compare.
"""
import numpy as np

import tinygrad_cnn as tg


def agree(ours, theirs, arrays, *, order=2, dtype="float64", rtol=1e-7, atol=1e-8, constant=()):
    """Assert that ours(*Tensors) and theirs(*torch tensors) have the same value, dtype and derivatives up to `order`.

    arrays: NumPy arrays, or None. Floating-point ones are taken in `dtype` and, unless their position is in `constant`,
    differentiated.
    """
    import torch
    xs, ts, live = [], [], []
    for k, a in enumerate(arrays):
        if a is None:
            xs.append(None)
            ts.append(None)
            continue
        a = np.asarray(a)
        floating = a.dtype.kind == "f"
        a = a.astype(dtype) if floating else a
        x, t = tg.tensor(a), torch.tensor(a)
        if floating and k not in constant:
            x.requires_grad_()
            t.requires_grad_()
            live.append(k)
        xs.append(x)
        ts.append(t)
    y, z = ours(*xs), theirs(*ts)
    assert_same(y, z, rtol, atol)
    _compare_gradients(torch, y, z, [xs[k] for k in live], [ts[k] for k in live], order, rtol, atol)


def assert_same(y, z, rtol, atol):
    """Assert that Tensor y and torch tensor z have the same shape, dtype and values."""
    assert tuple(y.shape) == tuple(z.shape)
    assert y.dtype.name == str(z.dtype).removeprefix("torch.")
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(force=True), rtol=rtol, atol=atol)


def _compare_gradients(torch, y, z, xs, ts, order, rtol, atol):
    if not order or not xs or not z.requires_grad:
        return
    weights = np.linspace(0.5, 1.5, max(z.numel(), 1))[:z.numel()].reshape(z.shape).astype(y.array.dtype)
    again = order > 1
    options = {"retain_graph": True, "create_graph": again, "materialize_grads": True}
    gx = tg.autograd.grad(y, xs, tg.tensor(weights), **options)
    gt = torch.autograd.grad(z, ts, torch.tensor(weights), **options)
    for g, h in zip(gx, gt):
        assert_same(g, h, rtol, atol)
    if again:
        for g, h in zip(gx, gt):
            if g.requires_grad and h.requires_grad:
                _compare_gradients(torch, g, h, xs, ts, order - 1, 10 * rtol, 10 * atol)

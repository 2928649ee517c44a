"""Stochastic gradient descent, with momentum if wanted."""
from ..errors import ArgumentError
from .optimizer import Optimizer, check_range, run_kernel, zeros_like


class SGD(Optimizer):
    """p <- p - lr d with d = g + weight_decay p, or with momentum its running sum b <- momentum b + (1 - dampening) d.

    Args: params: Tensors, (name, Tensor) pairs or dicts. lr: learning rate. momentum: 0 for none. dampening: damps what
    joins the running sum, from the second step on. weight_decay: factor of an L2 penalty. nesterov: step along
    d + momentum b instead of b. maximize: climb instead of descend. foreach, fused: accepted and ignored (every step is
    fused here).
    Raises: as `Optimizer`; ArgumentError for nesterov without momentum or with dampening.
    Source: Sutskever et al. (2013), On the importance of initialization and momentum in deep learning (with the
    learning rate outside the sum, as in PyTorch).

    >>> import tinygrad_cnn as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.800000011920929, 1.600000023841858]
    """

    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False,
                 foreach=None, differentiable=False, fused=None):
        super().__init__(params, dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay,
                                      nesterov=nesterov, maximize=maximize, foreach=foreach,
                                      differentiable=differentiable, fused=fused))

    def check(self, group):
        check_range("SGD", group, lr=(0, None), momentum=(0, None), weight_decay=(0, None),
                    dampening=(float("-inf"), None))
        if group["nesterov"] and not (group["momentum"] > 0 and group["dampening"] == 0):
            raise ArgumentError(f"SGD: Nesterov momentum needs a momentum and no dampening, got "
                                f"momentum={group['momentum']} and dampening={group['dampening']}. "
                                "Give momentum=0.9, or nesterov=False.")

    def update(self, group, device, params):
        if not group["momentum"]:
            self._update(group, device, params, None, dampening=0)
            return
        state = self.state
        new = [p for p in params if state[p].get("momentum_buffer") is None]
        for p in new:
            state[p]["momentum_buffer"] = zeros_like(p)
        if new and group["dampening"]:
            self._update(group, device, new, [state[p]["momentum_buffer"] for p in new], dampening=0)
            seen = set(new)
            params = [p for p in params if p not in seen]
            if not params:
                return
        self._update(group, device, params, [state[p]["momentum_buffer"] for p in params], group["dampening"])

    def _update(self, group, device, params, buffers, dampening):
        run_kernel(device, "sgd_", params, buffers, lr=float(group["lr"]), momentum=float(group["momentum"]),
                   dampening=float(dampening), weight_decay=float(group["weight_decay"]), nesterov=group["nesterov"],
                   maximize=group["maximize"])

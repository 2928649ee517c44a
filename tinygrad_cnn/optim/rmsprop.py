"""RMSprop: the gradient divided by the root of a running mean of its square."""
from .optimizer import Optimizer, check_range, run_kernel, zeros_like


class RMSprop(Optimizer):
    """p <- p - lr g / (sqrt(v) + eps), where v is a running mean of g squared.

    Args: params: Tensors, (name, Tensor) pairs or dicts. lr: learning rate. alpha: how much of the old mean is kept.
    eps: keeps the quotient finite. weight_decay: factor of an L2 penalty. momentum: step along a running sum of the
    quotients. centered: v less the square of the mean gradient, a variance. maximize: climb instead of descend.
    capturable, foreach: accepted and ignored (every step is fused here).
    State: `step`, `square_avg` (v), `momentum_buffer` (with momentum), `grad_avg` (centred).
    Raises: as `Optimizer`.
    Source: Hinton's lecture 6e (2012); Graves (2013), Generating sequences with recurrent neural networks, section 4.2.
    """

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False,
                 capturable=False, foreach=None, maximize=False, differentiable=False):
        super().__init__(params, dict(lr=lr, momentum=momentum, alpha=alpha, eps=eps, centered=centered,
                                      weight_decay=weight_decay, capturable=capturable, foreach=foreach,
                                      maximize=maximize, differentiable=differentiable))

    def check(self, group):
        check_range("RMSprop", group, lr=(0, None), alpha=(0, None), eps=(0, None), weight_decay=(0, None),
                    momentum=(0, None))

    def update(self, group, device, params):
        wanted = ["square_avg"]
        if group["momentum"]:
            wanted.append("momentum_buffer")
        if group["centered"]:
            wanted.append("grad_avg")
        states = [self.state[p] for p in params]
        for p, state in zip(params, states):
            for entry in wanted:
                if entry not in state:
                    state[entry] = zeros_like(p)
            state["step"] = state.get("step", 0) + 1
        squares, buffers, means = ([s[entry] for s in states] if entry in wanted else None
                                   for entry in ("square_avg", "momentum_buffer", "grad_avg"))
        run_kernel(device, "rmsprop_", params, squares, buffers, means, lr=float(group["lr"]),
                   alpha=float(group["alpha"]), eps=float(group["eps"]), weight_decay=float(group["weight_decay"]),
                   momentum=float(group["momentum"]), maximize=group["maximize"])

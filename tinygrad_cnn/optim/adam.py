"""Adam and AdamW: steps of nearly one size, from running means of the gradient and of its square."""
from ..errors import ArgumentError
from .optimizer import Optimizer, check_range, run_kernel, zeros_like


class Adam(Optimizer):
    """p <- p - lr m' / (sqrt(v') + eps), where m' and v' are bias-corrected running means of g and of g squared.

    Args: params: Tensors, (name, Tensor) pairs or dicts. lr: learning rate. betas: how much of the old means is kept,
    for m and v. eps: keeps the quotient finite. weight_decay: factor of an L2 penalty, which joins the gradient (or,
    with decoupled_weight_decay, shrinks the parameters as in AdamW). amsgrad: divide by the largest v so far. maximize:
    climb instead of descend. foreach, capturable, fused: accepted and ignored (every step is fused here).
    State: `step`, `exp_avg` (m), `exp_avg_sq` (v), `max_exp_avg_sq` (with amsgrad).
    Raises: as `Optimizer`.
    Source: Kingma and Ba (2015), Algorithm 1; Reddi et al. (2018), On the convergence of Adam and beyond.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, foreach=None,
                 maximize=False, capturable=False, differentiable=False, fused=None, decoupled_weight_decay=False):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad,
                                      maximize=maximize, foreach=foreach, capturable=capturable,
                                      differentiable=differentiable, fused=fused,
                                      decoupled_weight_decay=decoupled_weight_decay))

    def check(self, group):
        name = type(self).__name__
        check_range(name, group, lr=(0, None), eps=(0, None), weight_decay=(0, None))
        betas = group["betas"]
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ArgumentError(f"{name}: betas is {betas!r}. Give two numbers, such as (0.9, 0.999).")
        for k, beta in enumerate(betas):
            check_range(name, {f"betas[{k}]": beta}, **{f"betas[{k}]": (0, 1)})

    def update(self, group, device, params):
        amsgrad = group["amsgrad"]
        by_step = {}
        for p in params:
            state = self.state[p]
            if "step" not in state:
                state.update(step=0, exp_avg=zeros_like(p), exp_avg_sq=zeros_like(p))
            if amsgrad and "max_exp_avg_sq" not in state:
                state["max_exp_avg_sq"] = zeros_like(p)
            state["step"] += 1
            by_step.setdefault(state["step"], []).append(p)
        beta1, beta2 = group["betas"]
        for step, members in by_step.items():
            states = [self.state[p] for p in members]
            run_kernel(device, "adam_", members, [s["exp_avg"] for s in states], [s["exp_avg_sq"] for s in states],
                       [s["max_exp_avg_sq"] for s in states] if amsgrad else None, step=step, lr=float(group["lr"]),
                       beta1=float(beta1), beta2=float(beta2), eps=float(group["eps"]),
                       weight_decay=float(group["weight_decay"]), decoupled=group["decoupled_weight_decay"],
                       maximize=group["maximize"])


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters by lr weight_decay a step instead of joining the gradient.

    Args: as `Adam`; weight_decay defaults to 0.01.
    Source: Loshchilov and Hutter (2019), Decoupled weight decay regularization, Algorithm 2.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *,
                 maximize=False, foreach=None, capturable=False, differentiable=False, fused=None):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
                         capturable=capturable, differentiable=differentiable, fused=fused, decoupled_weight_decay=True)

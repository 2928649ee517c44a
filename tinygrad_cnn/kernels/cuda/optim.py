"""The optimizers' updates in one launch a parameter; plain array arithmetic would take six to twelve.

bfloat16 parameters take the shared kernels.
"""
from ..generic import optim as shared
from .sources import Elementwise

SGD = Elementwise("sgd", "G g, float64 lr, float64 weight_decay, bool maximize", "T p", """
    typedef wide<T>::type W;
    W d = maximize ? -W(g) : W(g);
    d += W(weight_decay) * W(p);
    p = T(W(p) - W(lr) * d);
""")

SGD_MOMENTUM = Elementwise(
    "sgd_momentum",
    "G g, float64 lr, float64 momentum, float64 dampening, float64 weight_decay, bool nesterov, bool maximize",
    "T p, B buffer", """
    typedef wide<T>::type W;
    W d = maximize ? -W(g) : W(g);
    d += W(weight_decay) * W(p);
    W sum = W(momentum) * W(buffer) + W(1 - dampening) * d;
    buffer = B(sum);
    p = T(W(p) - W(lr) * (nesterov ? d + W(momentum) * sum : sum));
""")

ADAM = Elementwise(
    "adam",
    "G g, float64 step_size, float64 eps, float64 beta1, float64 beta2, float64 weight_decay, float64 shrink, "
    "bool maximize", "T p, B m, B v", """
    typedef wide<T>::type W;
    W d = maximize ? -W(g) : W(g);
    d += W(weight_decay) * W(p);
    W mean = W(m) + W(1 - beta1) * (d - W(m));
    W square = W(beta2) * W(v) + W(1 - beta2) * d * d;
    m = B(mean);
    v = B(square);
    p = T(W(shrink) * W(p) - W(step_size) * (mean / (sqrt(square) + W(eps))));
""")

ADAM_LARGEST = Elementwise(
    "adam_largest",
    "G g, float64 step_size, float64 eps, float64 beta1, float64 beta2, float64 weight_decay, float64 shrink, "
    "bool maximize", "T p, B m, B v, B largest", """
    typedef wide<T>::type W;
    W d = maximize ? -W(g) : W(g);
    d += W(weight_decay) * W(p);
    W mean = W(m) + W(1 - beta1) * (d - W(m));
    W square = W(beta2) * W(v) + W(1 - beta2) * d * d;
    W most = square > W(largest) || square != square ? square : W(largest);
    m = B(mean);
    v = B(square);
    largest = B(most);
    p = T(W(shrink) * W(p) - W(step_size) * (mean / (sqrt(most) + W(eps))));
""")


def _covered(params):
    return all(p.dtype.char in "efd" for p in params)


def sgd_(device, params, grads, momentum_buffers, *, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """p -= lr d, as kernels/generic/optim.py says it."""
    if not _covered(params):
        shared.sgd_(device, params, grads, momentum_buffers, lr=lr, momentum=momentum, dampening=dampening,
                    weight_decay=weight_decay, nesterov=nesterov, maximize=maximize)
    elif momentum:
        for p, g, buffer in zip(params, grads, momentum_buffers):
            SGD_MOMENTUM(g, lr, momentum, dampening, weight_decay, nesterov, maximize, p, buffer)
    else:
        for p, g in zip(params, grads):
            SGD(g, lr, weight_decay, maximize, p)


def adam_(device, params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, *, step, lr, beta1, beta2, eps, weight_decay,
          decoupled, maximize):
    """p -= lr m / (sqrt(v) + eps), as kernels/generic/optim.py says it."""
    if not _covered(params):
        shared.adam_(device, params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, step=step, lr=lr, beta1=beta1,
                     beta2=beta2, eps=eps, weight_decay=weight_decay, decoupled=decoupled, maximize=maximize)
        return
    step_size, eps = shared.adam_step_size(step, lr, beta1, beta2, eps)
    options = (step_size, eps, beta1, beta2, 0.0 if decoupled else weight_decay,
               1 - lr * weight_decay if decoupled else 1.0, maximize)
    for k, (p, g, m, v) in enumerate(zip(params, grads, exp_avgs, exp_avg_sqs)):
        if max_exp_avg_sqs is None:
            ADAM(g, *options, p, m, v)
        else:
            ADAM_LARGEST(g, *options, p, m, v, max_exp_avg_sqs[k])

"""The optimizers' updates in plain array arithmetic, for any device.

Each kernel takes lists: parameters of one dtype, their gradients, and the running averages that belong to them, entry
by entry of one shape. It writes to the parameters (its first argument) and to the averages, never to the gradients.
float16 and bfloat16 parameters are updated in float32 and rounded once; their averages are float32.
"""


def sgd_(device, params, grads, momentum_buffers, *, lr, momentum, dampening, weight_decay, nesterov, maximize):
    """p -= lr d, where d is the gradient plus weight_decay p, or its running sum if there is momentum.

    momentum_buffers: None without momentum; zeros (and dampening 0) in a parameter's first step.
    """
    for k, (p, g) in enumerate(zip(params, grads)):
        wide = _wide(device, p)
        d = _direction(device, wide, g, weight_decay, maximize)
        if momentum:
            buffer = momentum_buffers[k]
            buffer *= momentum
            buffer += (1 - dampening) * d
            d = d + momentum * buffer if nesterov else buffer
        p[...] = wide - lr * d


def adam_(device, params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, *, step, lr, beta1, beta2, eps, weight_decay,
          decoupled, maximize):
    """p -= lr m / (sqrt(v) + eps): m and v are running means of d and of d squared, corrected for their start at zero.

    max_exp_avg_sqs: the largest v so far, which AMSGrad divides by, or None. step: counts from 1. decoupled: weight
    decay shrinks the parameter instead of joining the gradient. Source: Kingma and Ba (2015), Algorithm 1; Reddi et al.
    (2018), Algorithm 2; Loshchilov and Hutter (2019), Algorithm 2.
    """
    xp = device.xp
    step_size, eps = adam_step_size(step, lr, beta1, beta2, eps)
    for k, (p, g, m, v) in enumerate(zip(params, grads, exp_avgs, exp_avg_sqs)):
        wide = _wide(device, p)
        d = _direction(device, wide, g, 0 if decoupled else weight_decay, maximize)
        if decoupled:
            wide = wide * (1 - lr * weight_decay)
        m += (1 - beta1) * (d - m)
        v *= beta2
        v += (1 - beta2) * (d * d)
        if max_exp_avg_sqs is not None:
            largest = max_exp_avg_sqs[k]
            largest[...] = xp.maximum(largest, v)
            v = largest
        p[...] = wide - step_size * (m / (xp.sqrt(v) + eps))


def rmsprop_(device, params, grads, square_avgs, momentum_buffers, grad_avgs, *, lr, alpha, eps, weight_decay, momentum,
             maximize):
    """p -= lr d / (sqrt(v) + eps), where v is a running mean of d squared.

    grad_avgs: running means of d, whose square is taken off v (the centred form), or None. momentum_buffers: running
    sums of the quotient, or None without momentum. Source: Hinton's lecture 6e (2012); Graves (2013), equations 38 to
    45.
    """
    xp = device.xp
    for k, (p, g, v) in enumerate(zip(params, grads, square_avgs)):
        wide = _wide(device, p)
        d = _direction(device, wide, g, weight_decay, maximize)
        v *= alpha
        v += (1 - alpha) * (d * d)
        if grad_avgs is not None:
            mean = grad_avgs[k]
            mean += (1 - alpha) * (d - mean)
            v = xp.maximum(v - mean * mean, 0)          # rounding can take a variance below zero
        d = d / (xp.sqrt(v) + eps)
        if momentum:
            buffer = momentum_buffers[k]
            buffer *= momentum
            buffer += d
            d = buffer
        p[...] = wide - lr * d


def adam_step_size(step, lr, beta1, beta2, eps):
    """Learning rate and eps with both bias corrections folded in, so that no pass over the arrays is spent on them.

    lr (m / c1) / (sqrt(v / c2) + eps) = (lr sqrt(c2) / c1) m / (sqrt(v) + eps sqrt(c2)), with c = 1 - beta^step.
    Source: Kingma and Ba (2015), the last lines of section 2.
    """
    root = (1 - beta2 ** step) ** 0.5
    return lr * root / (1 - beta1 ** step), eps * root


def _direction(device, wide, g, weight_decay, maximize):
    """The gradient to go down: g (or -g if the function is to grow), plus weight_decay times the parameter."""
    d = _wide(device, g)
    if maximize:
        d = -d
    return d + weight_decay * wide if weight_decay else d


def _wide(device, x):
    return x.astype(device.xp.float32) if x.dtype.itemsize == 2 else x

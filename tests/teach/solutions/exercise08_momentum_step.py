"""A solution of exercise 8."""


def momentum_step(w, g, v, lr, momentum):
    """The new w and the new v."""
    v = momentum * v + g
    w = w - lr * v
    return w, v

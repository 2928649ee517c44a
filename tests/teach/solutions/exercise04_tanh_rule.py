"""A solution of exercise 4."""


def tanh_rule(g, y):
    """The gradient of x, from g and the output y = tanh(x)."""
    return g * (1 - y**2)

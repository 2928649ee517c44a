"""A solution of exercise 5."""


def bias_gradient(g):
    """The gradient (C,) of b, from g (N, C)."""
    return g.sum(axis=0)

"""A solution of exercise 9."""


def output_size(I, M, P, S):
    """The number of windows."""
    return (I + 2 * P - M) // S + 1

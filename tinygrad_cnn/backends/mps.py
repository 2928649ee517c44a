"""The questions of `torch.backends.mps`: whether Apple's GPU can be used. It cannot, the CPU of the same chip can."""
__all__ = ["is_available", "is_built"]


def is_available():
    """False."""
    return False


def is_built():
    """False."""
    return False

"""The switches of `torch.backends.cudnn`, which programs set at their start; without cuDNN they change nothing."""
__all__ = ["benchmark", "deterministic", "enabled", "is_available", "version"]

enabled, benchmark, deterministic = False, False, False


def is_available():
    """False: CuPy 14 has no cuDNN."""
    return False


def version():
    """None: there is no cuDNN."""

"""Sources of random numbers: one generator a device, seeded together by `manual_seed`.

`Generator.numpy` draws on the host (shuffles, splits, initial weights of the CPU); `Generator.native` draws where the
arrays live. On the CPU they are the same object.
"""
import os

import numpy as np

from .errors import ArgumentError


class Generator:
    """A seeded source of random numbers for one device.

    Args: device: a `Device`, its name, or None for the CPU.

    Unlike PyTorch's, `get_state` gives a plain dict (it can be written as JSON).

    >>> Generator().manual_seed(3).numpy.random() == Generator().manual_seed(3).numpy.random()
    True
    """

    def __init__(self, device=None):
        from .device import Device
        self.device = device if isinstance(device, Device) else Device(device or "cpu")
        self.seed()

    def manual_seed(self, seed):
        """Start again from `seed`, an integer; returns the generator.

        Raises: ArgumentError if seed is not an integer.
        """
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise ArgumentError(f"manual_seed: {seed!r} is not a seed. Give an integer.")
        self._seed = seed.__index__()
        entropy = self._seed % (1 << 64)                # negative seeds count back from 2**64, as in PyTorch
        self.numpy = np.random.default_rng(entropy)
        self.native = self.numpy if self.device.xp is np else self.device.xp.random.default_rng(entropy)
        return self

    def seed(self):
        """Start again from a seed of the operating system's; returns it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 1)
        return self._seed

    def initial_seed(self):
        """The seed it last started from."""
        return self._seed

    def get_state(self):
        """The state, as a dict for `set_state`. On a GPU this starts its stream afresh from the host's: the stream goes
        on the same way after every `set_state` of that dict."""
        state = {"seed": self._seed, "native": None}
        if self.native is not self.numpy:
            state["native"] = int(self.numpy.integers(1 << 62))
            self.native = self.device.xp.random.default_rng(state["native"])
        return {**state, "bit_generator": self.numpy.bit_generator.state}

    def set_state(self, state):
        """Go on from a state that `get_state` gave.

        Raises: ArgumentError if state is not such a dict.
        """
        try:
            seed, native, bits = state["seed"], state["native"], state["bit_generator"]
            self.manual_seed(seed)
            self.numpy.bit_generator.state = bits
            if native is not None and self.native is not self.numpy:
                self.native = self.device.xp.random.default_rng(native)
        except (KeyError, TypeError, ValueError) as error:
            raise ArgumentError(f"set_state: this is not a state that get_state gave ({error}). "
                                "Pass the dict unchanged.") from None


def manual_seed(seed):
    """Seed the generator of every device in use, and of those opened later; returns the CPU's generator."""
    from .device import seed_all
    return seed_all(seed)


def default_generator(device="cpu"):
    """The generator that random functions use on `device` when none is given."""
    from .device import Device
    return Device(device).generator

"""Look at a model without leaving a trace in it.

The one idea: what a forward pass can change is known (training flags, buffers, which parameters want gradients and
which they have, the random numbers), so it is noted before and put back after, whatever happened in between.
"""
from contextlib import contextmanager

from ..autograd import no_grad
from ..generator import default_generator

__all__ = ["untouched"]


@contextmanager
def untouched(model, *, training=None):
    """Inside, `model` may be run; afterwards its modes, buffers, gradients and the random numbers are as before.

    Args: training: set every module to this mode inside (None: leave the modes as they are).
    """
    modules = list(model.modules())
    modes = [module.training for module in modules]
    parameters = [(p, p.requires_grad, p.grad) for p in model.parameters()]
    stores = [(module._buffers, dict(module._buffers)) for module in modules]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    devices = {tensor.device for tensor in (*model.parameters(), *model.buffers())}
    generators = [default_generator(device) for device in devices | {default_generator().device}]
    states = [generator.get_state() for generator in generators]
    try:
        if training is not None:
            for module in modules:
                module.training = training
        yield model
    finally:
        for module, mode in zip(modules, modes):
            module.training = mode
        for parameter, wanted, grad in parameters:
            parameter.requires_grad_(wanted)
            parameter.grad = grad
        for store, before in stores:
            store.clear()
            store.update(before)
        for buffer, before in buffers:
            if buffer.device.asnumpy(buffer.array).tobytes() != before.device.asnumpy(before.array).tobytes():
                with no_grad():
                    buffer.copy_(before)
        for generator, state in zip(generators, states):
            generator.set_state(state)

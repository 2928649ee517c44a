"""torch.nn.parallel's wrapper, for programs that use it and for the `module.` prefix it puts before state-dict keys."""
from .module import Module

__all__ = ["DataParallel"]


class DataParallel(Module):
    """Calls the module inside, on the device where that lies: the batch is not spread over several GPUs.

    Args: module. device_ids, output_device, dim: PyTorch's, without effect.
    State: that of the module, its keys after `module.`.

    >>> import tinygrad_cnn as tg
    >>> list(DataParallel(tg.nn.Linear(2, 1)).state_dict())
    ['module.weight', 'module.bias']
    """

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.module = module

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)

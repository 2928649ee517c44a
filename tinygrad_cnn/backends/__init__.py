"""Control over how each kind of device computes, in the manner of `torch.backends`."""
from . import cpu, cudnn, mps

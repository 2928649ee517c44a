"""torch.nn.utils' face: gradient clipping, parameters as one vector, modules without initial weights."""
from .clip_grad import clip_grad_norm_, clip_grad_value_, get_total_norm
from .convert_parameters import parameters_to_vector, vector_to_parameters
from .skip_init import skip_init

__all__ = ["clip_grad_norm_", "clip_grad_value_", "get_total_norm", "parameters_to_vector", "skip_init",
           "vector_to_parameters"]

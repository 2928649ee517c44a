"""A running average of a model's weights, which usually predicts better than the weights of the last step."""
from copy import deepcopy

from ..autograd import no_grad


class WeightAverage:
    """A copy of a model whose weights and running statistics follow the model's: a <- d a + (1 - d) w after each step.

    Args: model. decay: d, the limit of min(decay, (1 + t) / (10 + t)), t the steps so far, so that the first random
    weights are forgotten quickly.
    Attributes: `model`, the copy. Source: Polyak and Juditsky 1992; the schedule of d is TensorFlow's.
    """

    def __init__(self, model, decay):
        self.model, self.decay, self.steps = deepcopy(model), decay, 0

    def update(self, model):
        """Follow the model's weights by one step; integers, such as counters, are copied."""
        self.steps += 1
        keep = min(self.decay, (1 + self.steps) / (10 + self.steps))
        own = self.model.state_dict()
        with no_grad():
            for name, value in model.state_dict().items():
                if value.dtype.is_floating_point:
                    own[name].mul_(keep).add_(value, alpha=1 - keep)
                else:
                    own[name].copy_(value)

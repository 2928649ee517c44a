"""An op of the user's own, for what teach says of one."""
import tinygrad_cnn as tg


class Twice(tg.autograd.Function):
    """A Function of the user's: twice its input."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g

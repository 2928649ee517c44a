"""How large the gradient is in each layer: does it vanish or explode on its way back?

One backward pass, without touching any .grad: for each layer the norm of the gradient in its parameters, and how large
the parameters themselves are.
"""
from ..autograd import enable_grad, grad
from ..errors import ArgumentError, ArgumentTypeError
from ..figures import new_figure, save
from ..tensor import Tensor
from .text_table import Printed, bar, lined_up, told
from .texts_layers import headings, say
from .untouched import untouched

__all__ = ["FlowRow", "GradientFlow", "gradient_flow"]


class FlowRow:
    """One layer: `path`, `parameters` (count), `size` (norm of its parameters), `norm` (of their gradient).

    For a layer that the loss does not depend on, norm is 0 and `reached` False.
    """
    __slots__ = ("path", "parameters", "size", "norm", "reached")

    def __init__(self, path, parameters, size, norm, reached):
        self.path, self.parameters, self.size, self.norm, self.reached = path, parameters, size, norm, reached

    @property
    def ratio(self):
        """The gradient's norm over the parameters'."""
        return self.norm / self.size if self.size else float("nan")


class GradientFlow(Printed):
    """The rows, in the order in which the layers were added to the model; printed, a table with bars."""

    def __init__(self, rows, lang):
        self.rows, self.lang = rows, lang

    @property
    def spread(self):
        """The largest norm over the smallest, of the layers that were reached: 1 if the gradient is even."""
        norms = [row.norm for row in self.rows if row.reached]
        return max(norms) / min(norms) if norms and min(norms) else float("inf")

    def __str__(self):
        most = max((row.norm for row in self.rows), default=0.0)
        cells = [(row.path, f"{row.parameters:,}", f"{row.size:.3g}", f"{row.norm:.3g}" if row.reached else "-",
                  bar(row.norm, most, 30)) for row in self.rows]
        ends = [say(self.lang, "flow.spread", spread=f"{self.spread:.3g}")]
        left_out = [row.path for row in self.rows if not row.reached]
        if left_out:
            ends += told(say(self.lang, "flow.unreached", names=", ".join(left_out)))
        table = lined_up(headings(self.lang, "flow.head"), [cell[:4] for cell in cells])
        bars = ["", "", *(cell[4] for cell in cells)]
        return "\n".join([say(self.lang, "flow.title"), "",
                          *(f"{line}  {b}".rstrip() for line, b in zip(table, bars)), "", *ends])

    def draw(self, path):
        """Write the norms by layer as a picture (PNG), on a logarithmic scale.

        Raises: MissingExtraError without matplotlib.
        """
        figure = new_figure("gradient_flow", 8, 3.8)
        axes = figure.add_subplot()
        reached = [row for row in self.rows if row.reached]
        axes.semilogy(range(len(reached)), [row.norm for row in reached], marker="o", markersize=3, color="#4c72b0")
        axes.set_xticks(range(len(reached)), [row.path for row in reached], rotation=60, ha="right", fontsize=7)
        axes.set_ylabel("norm of the gradient")
        axes.set_title("Gradient by layer, input to output")
        axes.grid(alpha=0.3)
        save(figure, path)


def gradient_flow(model, loss=None, lang="both"):
    """The norm of the loss's gradient in the parameters of each layer.

    Args: model: a Module. loss: a Tensor of one element computed with it, or a function of the model that computes one;
    None: the gradients that backward() left in the parameters. lang: "zh", "en" or "both".
    Returns: a `GradientFlow`. No .grad is touched; the graph of a given loss can be used again, and what a function of
    the model changes in it (running statistics, random numbers) is put back.
    Raises: ArgumentTypeError for a loss that is neither; ArgumentError if it has no gradient, or more than one element.

    >>> import tinygrad_cnn as tg
    >>> model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.Tanh(), tg.nn.Linear(3, 1))
    >>> [row.path for row in gradient_flow(model, model(tg.ones(1, 2)).sum()).rows]
    ['0', '2']
    """
    layers = [(path, own) for path, module in model.named_modules()
              if (own := [p for p in module._parameters.values() if p is not None and p.requires_grad])]
    parameters = list({id(p): p for _, own in layers for p in own}.values())
    if not parameters:
        raise ArgumentError(f"gradient_flow: {type(model).__name__} has no parameters that require a gradient. Give "
                            "a model with weights that are trained.")
    if loss is None:
        gradients = [p.grad for p in parameters]
        if all(g is None for g in gradients):
            raise ArgumentError("gradient_flow: no parameter has a gradient. Call it after loss.backward(), or give "
                                "the loss.")
    elif callable(loss):
        with untouched(model), enable_grad():
            gradients = _gradients(loss(model), parameters)
    else:
        gradients = _gradients(loss, parameters)
    found = dict(zip(map(id, parameters), gradients))
    return GradientFlow([_row(path, own, [found[id(p)] for p in own]) for path, own in layers], lang)


def _gradients(loss, parameters):
    if not isinstance(loss, Tensor):
        raise ArgumentTypeError(f"gradient_flow: the loss is {type(loss).__name__}. Give a Tensor, or a function of "
                                "the model that computes one.")
    if not loss.requires_grad or loss.numel() != 1:
        raise ArgumentError(f"gradient_flow: the loss has shape {tuple(loss.shape)} and "
                            f"{'a' if loss.requires_grad else 'no'} gradient. Give one number computed with the "
                            "model, outside of no_grad.")
    return grad(loss, parameters, retain_graph=True, allow_unused=True)


def _row(path, parameters, gradients):
    return FlowRow(path or "(model)", sum(p.numel() for p in parameters), _norm(parameters),
                   _norm([g for g in gradients if g is not None]), any(g is not None for g in gradients))


def _norm(tensors):
    return sum(float(t.detach().square().sum().item()) for t in tensors) ** 0.5

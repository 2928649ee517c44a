"""What an exhibit is: an operation with a wrong backward rule, and the same operation with the right one.

    forward(*inputs) -> Tensor, a tuple of them, or Kept(Tensor, what the rule will need)
    rule(*gradients of the outputs, *inputs[, what was kept]) -> the inputs' gradients

A rule written in ops can be differentiated again; one that works on bare arrays cannot.
"""
import inspect
import textwrap
from typing import Any, NamedTuple

from ...autograd import Function
from ...device import CPU
from ...errors import GradError
from ...tensor import Tensor
from ...testing.gradcheck import GradcheckError, gradcheck, gradgradcheck
from ..words import Words, tell


class Kept(NamedTuple):
    """A forward's output, and what it hands to the rule (unchecked: no version is remembered)."""
    output: Tensor
    value: Any


class Plaque(NamedTuple):
    """The texts of an exhibit, all in both languages."""
    title: Words
    description: Words
    hint: Words
    symptom: Words
    cure: Words


def operation(name, forward, rule):
    """The function of tensors that runs `forward` and has the backward rule `rule`, both as in the module's text."""
    class Operation(Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.save_for_backward(*(x for x in inputs if isinstance(x, Tensor)))
            ctx.others = tuple(x for x in inputs if not isinstance(x, Tensor))
            found = forward(*inputs)
            ctx.kept = (found.value,) if isinstance(found, Kept) else ()
            return found.output if isinstance(found, Kept) else found

        @staticmethod
        def backward(ctx, *gradients):
            found = rule(*gradients, *ctx.saved_tensors, *ctx.others, *ctx.kept)
            return (*(found if isinstance(found, tuple) else (found,)), *(None for _ in ctx.others))

    Operation.__name__ = name

    def function(*inputs):
        return Operation.apply(*inputs)

    function.__name__ = name
    return function


class Exhibit:
    """An operation with the right value and a backward rule that is wrong somewhere: find the input that convicts it.

    Attributes:
        name: as in `visit()`. function: the operation under suspicion. cured: the same with the right rule.
        plaque: its texts. second_order: whether the first derivative is right and the second is not.
    """

    def __init__(self, name, plaque, *, forward, wrong, right, revealing, everyday=None, forward_right=None,
                 second_order=False):
        self.name, self.plaque, self.second_order = name, plaque, second_order
        self.function = operation(name, forward, wrong)
        self.cured = operation(name, forward_right or forward, right)
        self._sources = (forward, wrong), (forward_right, right)
        self._everyday, self._revealing = everyday or revealing, revealing

    def inputs(self):
        """A tuple of arguments to begin with: float64 tensors that require grad. The rule may well be right there."""
        return tuple(map(_leaf, self._everyday()))

    def revealing(self):
        """Arguments at which the check finds the mistake; look here last."""
        return tuple(map(_leaf, self._revealing()))

    def examine(self, *inputs, second_order=False, lang="both"):
        """Run gradcheck (or gradgradcheck, for `second_order`) on the operation, print what it says.

        Args: inputs: those of `inputs()` if none are given.
        Returns: whether a mistake was found.
        """
        check = gradgradcheck if second_order else gradcheck
        try:
            check(self.function, inputs or self.inputs())
        except GradcheckError as error:
            tell(f"{_FOUND.said(lang)}\n{_indented(error)}")
            return True
        except GradError as error:
            tell(f"{_ONCE_ONLY.said(lang)}\n{_indented(error)}")
            return False
        tell(_NOT_HERE.filled(lang))
        return False

    def hint(self, lang="both"):
        """Print a hint."""
        tell(self.plaque.hint.filled(lang))

    def reveal(self, lang="both"):
        """Print everything: the symptom, the wrong rule, gradcheck's words at a revealing input, the cure."""
        (forward, wrong), (forward_right, right) = self._sources
        tell(self.plaque.symptom.filled(lang))
        tell("\n" + _source(forward) + "\n\n" + _source(wrong) + "\n")
        self.examine(*self.revealing(), second_order=self.second_order, lang=lang)
        tell("\n" + self.plaque.cure.filled(lang) + "\n")
        tell("\n\n".join(_source(part) for part in (forward_right, right) if part not in (None, wrong)))

    def describe(self, lang="both"):
        """The title and the description as text."""
        title, description = self.plaque.title.said(lang), self.plaque.description.filled(lang)
        return f"[{self.name}] {title.replace(chr(10), ' / ')}\n{description}"

    def __repr__(self):
        return self.describe()


_FOUND = Words("发现不一致：", "They differ:")
_ONCE_ONLY = Words("这条规则直接用数组计算，只有一阶导数：",
                   "This rule works on bare arrays and has a first derivative only:")
_NOT_HERE = Words("在这些输入上，梯度与差分一致。换别的输入再试：负数、相等的数、更大的批、别的形状、转置，或者查二"
                  "阶导数（second_order=True）。",
                  "At these inputs the gradient agrees with differences. Try others: negative numbers, equal ones, "
                  "a larger batch, other shapes, a transposed array, or the second derivative (second_order=True).")


def _leaf(value):
    if not hasattr(value, "dtype"):
        return value
    x = Tensor(value, CPU)
    return x.requires_grad_() if x.dtype.is_floating_point else x


def _source(function):
    return textwrap.indent(textwrap.dedent(inspect.getsource(function)).strip(), "    ")


def _indented(error):
    return textwrap.indent(textwrap.fill(str(error), 96), "    ")

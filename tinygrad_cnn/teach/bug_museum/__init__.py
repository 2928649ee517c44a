"""A museum of wrong backward rules, all seen in real engines. Find what is wrong with each by checking its gradient.

    from tinygrad_cnn.teach import bug_museum
    bug_museum.visit()                          # the exhibits
    piece = bug_museum.exhibit("divide")
    piece.examine()                             # gradcheck at some inputs; or at yours: piece.examine(a, b)
    piece.hint()
    piece.reveal()                              # the wrong rule, and the right one

Everything here is on the CPU and in float64, as differences want it.
"""
import difflib

from ...errors import ArgumentError
from ..words import Words, tell
from . import convolution, elementwise, layers, pooling, sums, sweeps
from .exhibit import Exhibit, operation

ROOMS = (
    (Words("逐个元素", "Numbers one by one"), elementwise.EXHIBITS),
    (Words("求和、选择与形状", "Sums, choices and shapes"), sums.EXHIBITS),
    (Words("卷积", "Convolution"), convolution.EXHIBITS),
    (Words("汇聚", "Pooling"), pooling.EXHIBITS),
    (Words("归一化、随机失活与损失", "Normalisation, dropout, losses"), layers.EXHIBITS),
    (Words("反向传播的次序", "The order of the backward pass"), sweeps.EXHIBITS),
)
EXHIBITS = {piece.name: piece for _, pieces in ROOMS for piece in pieces}

_WELCOME = Words("每件展品的前向计算都正确，反向规则都有错，而且都在真实的引擎里出现过。用梯度检查找出它。",
                 "Each exhibit computes the right value and has a wrong backward rule, one that was seen in a real "
                 "engine. Find it with a gradient check.")


def visit(lang="both"):
    """Print what is on show, room by room, and how to look at it.

    Args: lang: "zh", "en" or "both".
    """
    tell(_WELCOME.filled(lang))
    for number, (room, pieces) in enumerate(ROOMS, 1):
        tell(f"\n{number}. {_one_line(room, lang)}")
        for piece in pieces:
            tell(f"   {piece.name:<22} {_one_line(piece.plaque.title, lang)}")
    tell('\npiece = bug_museum.exhibit("divide"); piece.examine(); piece.hint(); piece.reveal()')


def exhibit(name):
    """The exhibit with this name: an `Exhibit`.

    Raises: ArgumentError for a name that is not on show.

    >>> a, b = exhibit("divide").inputs()
    >>> exhibit("divide").function(a, b)
    tensor([ 2.0000, -0.6667], dtype=tinygrad_cnn.float64, grad_fn=<divideBackward>)
    """
    if name not in EXHIBITS:
        near = difflib.get_close_matches(str(name), EXHIBITS, 3) or list(EXHIBITS)
        raise ArgumentError(f"bug_museum: no exhibit is called {name!r}. Did you mean {', '.join(near)}?")
    return EXHIBITS[name]


def _one_line(words, lang):
    return words.said(lang).replace("\n", " / ")

"""Formula 24.19: the receptive field."""
from ... import ops as tg
from ..words import Words
from .lesson import Lesson, Question

__all__ = ["LESSON"]


def two_layers():
    x = tg.zeros(9, 9, requires_grad=True)
    ones = tg.ones(3, 3)
    y = tg.correlate2d(tg.correlate2d(x, ones, "valid"), ones, "valid")
    y[2, 2].backward()
    return (x.grad != 0).any(0).sum()


def book_network():
    size, jump = 1, 1
    for F, S in ((5, 1), (2, 2), (5, 1), (2, 2)):
        size, jump = size + (F - 1) * jump, jump * S
    return size


def given():
    """The formula."""
    return ("    R^(l) = 1 + Σ_{j=1..l} (F^(j) - 1) · S^(1) ··· S^(j-1)\n"
            "    F: 核的大小 / kernel size    S: 步幅 / stride")


LESSON = Lesson(
    "24.19", Words("感受野", "The receptive field"), given,
    (Question(Words("两层 3x3 卷积，步幅 1。第二层的一个神经元看到多宽的输入？",
                    "Two 3x3 convolutions with stride 1. How wide a piece of the input does a neuron of the second "
                    "see?"),
              two_layers, Words("1 + 2 + 2 = 5。梯度不为零的像素正好 5 列：感受野可以问梯度。",
                                "1 + 2 + 2 = 5, and exactly 5 columns have a gradient: one can ask the gradient.")),
     Question(Words("表 24.1 的网络：5x5 卷积、2x2 汇聚（步幅 2）、5x5 卷积、2x2 汇聚（步幅 2）。最后是多少？",
                    "The network of table 24.1: 5x5 convolution, 2x2 pooling with stride 2, and both "
                    "again. What is R at the end?"), book_network,
              Words("1 + 4 + 1 + 2·4 + 2·1 = 16：步幅使后面每一层的贡献翻倍。",
                    "1 + 4 + 1 + 2*4 + 2*1 = 16: a stride doubles what each later layer adds."))),
    "chapter24/12_receptive_field.py")

"""练习 16：感受野 (24.19) / Exercise 16: The receptive field (24.19).

第 l 层的一个单元看见输入的多宽？R = 1 + Σ_j (F_j - 1)·S_1···S_{j-1}。
jump 是这一层相邻两个单元在输入上相隔多远。
把每个 ... 换成你的答案，然后运行本文件。
How wide a piece of the input does a unit of layer l see? R = 1 + sum of (F_j - 1) S_1 ... S_{j-1}. `jump` is the
distance, on the input, of two neighbours in the layer so far.
Put your answers in place of each ... and run this file.
"""
from tinygrad_cnn.teach.exercises import check


def receptive_field(kernels, strides):
    """R after the last layer, from the lists of kernel sizes F and strides S, first layer first."""
    size, jump = 1, 1
    for F, S in zip(kernels, strides):
        size += ...
        jump *= ...
    return size


if __name__ == "__main__":
    check(receptive_field)

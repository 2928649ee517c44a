"""Room 2: sums, choices and shapes."""
import numpy as np

from ... import ops as tg
from ..words import Words
from .exhibit import Exhibit, Plaque

__all__ = ["EXHIBITS"]


def amax_forward(x):
    return tg.amax(x, -1)


def amax_wrong(g, x):
    largest = tg.amax(x, -1, keepdim=True)
    return g.unsqueeze(-1) * (x == largest)


def amax_right(g, x):
    chosen = (x == tg.amax(x, -1, keepdim=True)).double()
    return g.unsqueeze(-1) * chosen / chosen.sum(-1, keepdim=True)


AMAX = Exhibit("amax", Plaque(
    Words("每行的最大值", "The largest of each row"),
    Words("梯度交给等于最大值的位置。", "The gradient goes to where the largest value stands."),
    Words("如果它站在两个地方呢？", "And if it stands in two places?"),
    Words("并列时梯度被加倍：max([1, 1, 0]) 的梯度为 [1, 1, 0]，和为 2，不在次微分里。见于两个 NumPy/CuPy 引擎。",
          "Ties are paid twice: the gradient of max([1, 1, 0]) is [1, 1, 0], with sum 2, outside the "
          "subdifferential. Seen in two engines on NumPy and CuPy."),
    Words("并列者平分（或者只给第一个），总和必须是 1。",
          "Those that tie share it (or the first takes it): the sum must be 1.")),
    forward=amax_forward, wrong=amax_wrong, right=amax_right,
    revealing=lambda: (np.array([[1.0, 1.0, 0.0], [2.0, 3.0, 1.0]]),),
    everyday=lambda: (np.array([[1.0, 4.0, 0.0], [2.0, 3.0, 1.0]]),))


def square_forward(x):
    return x * x


def square_wrong(g, x):
    memory = x.array.ravel(order="K")
    return 2 * g * tg.from_numpy(memory.copy()).reshape(x.shape)


def square_right(g, x):
    return 2 * g * x


SQUARE = Exhibit("square", Plaque(
    Words("平方", "The square"),
    Words("一条为速度而写的规则：直接顺着内存读保存的数组。",
          "A rule written for speed: it reads the saved array straight through memory."),
    Words("内存中的顺序总是行的顺序吗？试试转置。",
          "Is the order in memory always that of the rows? Try a transposed array."),
    Words("对连续数组正确，对转置、切片或 channels-last 数组数值错位。见于手写内核忽略步长（stride）的引擎和加速后"
          "端。",
          "Right for contiguous arrays; for transposed, sliced or channels-last ones the numbers land in other "
          "places. Seen in hand-written kernels, and in accelerator back ends, that ignore strides."),
    Words("按逻辑顺序读，或者先复制成连续数组。", "Read in logical order, or make a contiguous copy first.")),
    forward=square_forward, wrong=square_wrong, right=square_right,
    revealing=lambda: (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).T,),
    everyday=lambda: (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),))


def bias_forward(x, b):
    return x + b


def bias_wrong(g, x, b):
    return g, g.mean(0)


def bias_right(g, x, b):
    return g, g.sum(0)


BIAS = Exhibit("bias", Plaque(
    Words("偏置", "A bias"),
    Words("y = x + b，x 是 (N, C)，b 是 (C,)：同一个 b 加到每一行。",
          "y = x + b with x (N, C) and b (C,): the same b is added to every row."),
    Words("一个数被用了 N 次，它的梯度是什么？批大小为 1 时看不出来。",
          "A number used N times: what is its gradient? A batch of one does not show it."),
    Words("偏置学得太慢，慢 N 倍；批大小为 1 的测试通过。见于手写广播规则的引擎：重复过的轴忘了求和。",
          "Biases learn N times too slowly, and a test with a batch of one passes. Seen in engines that reduce "
          "broadcast gradients by hand: the axis that was repeated is not summed."),
    Words("被广播的轴上求和。", "Sum over the axes that were broadcast.")),
    forward=bias_forward, wrong=bias_wrong, right=bias_right,
    revealing=lambda: (np.arange(6.0).reshape(3, 2), np.array([0.5, -0.5])),
    everyday=lambda: (np.array([[1.0, 2.0]]), np.array([0.5, -0.5])))


def matmul_forward(a, b):
    return a @ b


def matmul_wrong(g, a, b):
    reverse = lambda x: x.permute(*range(x.ndim)[::-1])
    return g @ reverse(b), reverse(a) @ g


def matmul_right(g, a, b):
    return g @ b.transpose(-1, -2), a.transpose(-1, -2) @ g


_normal = lambda seed, *shape: np.random.default_rng(seed).normal(size=shape)

MATMUL = Exhibit("matmul", Plaque(
    Words("矩阵乘法", "The matrix product"),
    Words("y = a @ b；梯度是 g @ bᵀ 和 aᵀ @ g。也接受成批的矩阵。",
          "y = a @ b; the gradients are g @ b^T and a^T @ g. Batches of matrices are accepted, too."),
    Words("三维数组的 .T 是什么？", "What is .T of an array with three axes?"),
    Words("二维正确；成批时 .T 连批的轴也一起反转，形状碰巧吻合就悄悄算错。见于一个教学引擎：三维矩阵乘法的反向失败。",
          "Right for matrices; for batches .T turns the batch axis as well: an error with luck, wrong numbers "
          "where all sizes are equal. Seen in a teaching engine, whose product of batches failed in the backward "
          "pass."),
    Words("只交换最后两个轴。", "Exchange the last two axes only.")),
    forward=matmul_forward, wrong=matmul_wrong, right=matmul_right,
    revealing=lambda: (_normal(0, 3, 3, 3), _normal(1, 3, 3, 3)), everyday=lambda: (_normal(0, 2, 3), _normal(1, 3, 2)))


def take_forward(x, index):
    return x[index]


def take_wrong(g, x, index):
    dx = np.zeros(x.shape)
    dx[index.numpy()] += g.numpy()
    return tg.from_numpy(dx), None


def take_right(g, x, index):
    return tg.zeros_like(x).index_add(0, index, g), None


TAKE = Exhibit("take", Plaque(
    Words("按编号取行", "Rows by number"),
    Words("y = x[index]，词嵌入就是这样查表的；反向把每行的梯度加回原处。",
          "y = x[index], the way an embedding looks words up; backward, each row's gradient is added where the row "
          "came from."),
    Words("同一行取两次会怎样？NumPy 的 dx[index] += g 是循环吗？",
          "What if a row is taken twice? Is NumPy's dx[index] += g a loop?"),
    Words("句中重复的词只学到最后一次出现的梯度：`dx[index] += g` 对每个位置只写一次。见于多个 NumPy 引擎的索引与赋"
          "值规则。",
          "A word that occurs twice in a sentence learns from its last place only: dx[index] += g writes each "
          "position once. Seen in the indexing and assignment rules of several engines on NumPy."),
    Words("逐个累加：np.add.at、index_add。", "Add one by one: np.add.at, index_add.")),
    forward=take_forward, wrong=take_wrong, right=take_right,
    revealing=lambda: (np.arange(6.0).reshape(3, 2), np.array([0, 2, 2, 1])),
    everyday=lambda: (np.arange(6.0).reshape(3, 2), np.array([2, 0, 1])))

EXHIBITS = (AMAX, SQUARE, BIAS, MATMUL, TAKE)

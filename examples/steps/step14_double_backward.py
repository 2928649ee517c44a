"""Step 14. Double backward: the gradient is a computation, too.

The rules of step 5 are written with operations on tensors. So when the backward pass is recorded (create_graph=True),
the gradient is a tensor with a graph, and backward() works on it as on any other. Nothing has to be added.

第 5 步的规则是用张量运算写的。所以记录下反向传播（create_graph=True），梯度就是一个带图的张量，
可以像别的张量一样再 backward()，什么都不用加。
"""
import numpy as np
from step05_op_table import Tensor, backward, exp, tanh, total
from step06_gradcheck import cross_entropy, gradcheck
from step07_conv_loops import conv2d
from step09_pooling import max_pool2d
from step12_lenet import lenet


def gradient(y, x):
    """dy/dx as a tensor that can be differentiated again."""
    before, x.grad = x.grad, None
    backward(y, create_graph=True, only=x)
    g, x.grad = x.grad, before
    return g


if __name__ == "__main__":
    x = Tensor(2.0, requires_grad=True)                 # x^4: 4 x^3, 12 x^2, 24 x, 24
    y, found = x * x * x * x, []
    for _ in range(4):
        y = gradient(y, x)
        found.append(float(y.array))
    print(f"derivatives of x^4 at 2: {found}")
    assert found == [32, 48, 48, 24]

    x = Tensor(3.0, requires_grad=True)                 # Newton's method: the minimum of e^x - 2x is at log 2
    for _ in range(8):
        f = exp(x) - 2 * x
        slope = gradient(f, x)
        curvature = gradient(slope, x)
        x.array = x.array - slope.array / curvature.array
    print(f"Newton's method: {x.array:.12f}, log 2 = {np.log(2):.12f}")
    assert abs(x.array - np.log(2)) < 1e-12

    random = np.random.default_rng(0)      # through convolution and pooling: the gradient's gradient is right
    images, w = random.normal(size=(2, 1, 6, 6)), random.normal(size=(2, 1, 3, 3))

    def penalty(x, w):
        """The squared size of a network's gradient in its input."""
        x = x if x.requires_grad else Tensor(x.array, requires_grad=True)
        g = gradient(total(max_pool2d(tanh(conv2d(x, w)), 2)), x)
        return total(g * g)

    assert gradcheck(penalty, images, w)

    network = lenet(random)                             # Hessian times vector, for all 3,658 parameters, in two passes
    labels, images = np.array([3, 8]), random.normal(size=(2, 1, 8, 8))
    loss = cross_entropy(network(Tensor(images)), labels)
    backward(loss, create_graph=True)
    gradients = [p.grad for p in network.parameters()]
    v = [random.normal(size=p.shape) for p in network.parameters()]
    for p in network.parameters():
        p.grad = None
    sum(total(g * v_p) for g, v_p in zip(gradients, v)).backward()
    by_engine = sum((p.grad.array * v_p).sum() for p, v_p in zip(network.parameters(), v))      # <v, H v>

    def slope(h):
        """The gradient in the direction v, a step h along v."""
        for p, v_p in zip(network.parameters(), v):
            p.array, p.grad = p.array + h * v_p, None
        cross_entropy(network(Tensor(images)), labels).backward()
        return sum((p.grad.array * v_p).sum() for p, v_p in zip(network.parameters(), v))

    h = 1e-6
    by_differences = (slope(h) - slope(-2 * h)) / (2 * h)
    print(f"<v, H v>: {by_engine:.6f}, by differences {by_differences:.6f}")
    assert abs(by_engine - by_differences) < 1e-4 * abs(by_engine)

# What we left out: `gradient` walks the whole graph of y; the engine's autograd.grad only what lies between y and x.
# And this is the end of the steps: now read tinygrad_cnn/autograd/op.py.

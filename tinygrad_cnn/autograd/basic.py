"""The three ops the engine itself uses: adding gradients, summing them over broadcast axes, casting them back."""
from .op import Op

add = Op("add", "a b").rules(a=lambda g: g, b=lambda g: g)

# The adjoint of broadcasting; broadcasting is its adjoint in turn (`expand` in ops/shape.py completes the pair).
sum_to = Op("sum_to", "x", attrs="shape", promote=None)

cast = Op("cast", "x", attrs="dtype", promote=None).rules(x=lambda g, x_dtype: cast(g, dtype=x_dtype))

"""Records of the engine's own ops."""
import numpy as np
from hypothesis import strategies as st

import tinygrad_cnn as tg
from tests.records import Record, arrays, broadcast_pairs, register, single
from tinygrad_cnn.autograd import OPS

register(Record("cast", ops="cast", function=lambda x: OPS["cast"](x, dtype=np.dtype("float64")), cases=single(),
                reference=lambda x: x, float32=1e-5))

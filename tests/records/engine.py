"""Records of the engine's own ops, and of the op that moves between devices."""
import tinygrad_cnn as tg
from tests.records import Record, register, single
from tinygrad_cnn.autograd import OPS

register(Record("cast", ops="cast", function=lambda x: OPS["cast"](x, dtype=x.array.dtype), cases=single(),
                reference=lambda x: x))

register(Record("transfer", ops="transfer", cases=single(), reference=lambda x: x, strict=False,
                function=lambda x: OPS["transfer"](x, device=x.device, source=x.device),
                wrong=[(lambda: tg.ones(2).to("tpu"), tg.errors.DeviceError, "no device 'tpu'.*cpu"),
                       (lambda: tg.ones(2).to("float99"), tg.errors.DeviceError, "no device 'float99'")]))

"""An error raised inside a model says in which of its layers.

The one idea: nothing is paid while all goes well. Only when an error passes through Module.__call__ does the module
look for the layer that failed among its own, so the outermost module ends up writing the whole path into the message.
"""

__all__ = ["name_the_layer"]


def name_the_layer(module, error):
    """Add to the message of `error`, which is passing through `module`, the path to the layer that raised it."""
    if not (len(error.args) == 1 and isinstance(error.args[0], str)):
        return
    if not hasattr(error, "failed_layer"):
        error.failed_layer, error.layer_free_message = module, error.args[0]
    path = next((path for path, m in module.named_modules() if m is error.failed_layer), None)
    if path is not None:
        where = f"{path}: " if path else ""
        error.args = (f"{error.layer_free_message}\n    in {where}{_describe(error.failed_layer)}",)


def _describe(module):
    """The printed form of a layer; of a module with others inside, its class and method only."""
    if module._modules:
        return f"{type(module).__name__}.forward"
    return repr(module)

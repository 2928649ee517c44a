"""The attributes of a call as text: geometries by their numbers, ops and dtypes by their names, no addresses."""

__all__ = ["attributes_of", "text_of"]


def attributes_of(node):
    """The attributes that a node still knows, name -> text; the path of a write through a view is not among them."""
    if node.plan is None:
        return {}
    return {name: text_of(value) for name, value in (node.extras or {}).items()
            if name in node.op.attrs and name != "path"}


def text_of(attribute):
    """An attribute of a call as text: a geometry by its numbers, no addresses of objects."""
    if hasattr(attribute, "kernel") and hasattr(attribute, "stride"):
        return _geometry_text(attribute)
    text = getattr(attribute, "name", None)
    text = text if isinstance(text, str) else repr(attribute)
    return text if " at 0x" not in text else type(attribute).__name__


def _geometry_text(geometry):
    """kernel (5, 5), s = 1, pad = 0: one number where the axes agree."""
    def one(numbers):
        return str(numbers[0]) if len(set(numbers)) == 1 else str(tuple(numbers))

    parts = [f"kernel {tuple(geometry.kernel)}", f"s = {one(geometry.stride)}", f"pad = {one(_padding(geometry))}"]
    if any(d != 1 for d in geometry.dilation):
        parts.append(f"d = {one(geometry.dilation)}")
    if getattr(geometry, "groups", 1) != 1:
        parts.append(f"{geometry.groups} groups")
    if hasattr(geometry, "padding") and any(
            covered > n + 2 * p for covered, n, p in zip(geometry.padded, geometry.size, geometry.padding)):
        parts.append("ceil_mode")                       # the last window reaches past the edge
    return ", ".join(parts)


def _padding(geometry):
    return geometry.before if hasattr(geometry, "before") else geometry.padding

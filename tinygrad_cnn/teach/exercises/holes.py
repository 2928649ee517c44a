"""Where a function still has a hole: a `...` that is a value, not an index."""
import ast
import inspect
import textwrap


def first_hole(function):
    """(line number in its file, the line) of the first `...` in the function; None if there is none to be seen.

    >>> def f(x):
    ...     return x[..., 0]
    >>> first_hole(f) is None
    True
    """
    try:
        lines, start = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):               # typed in a shell, or not a function: nothing to read
        return None
    indices = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Subscript) for part in ast.walk(node.slice)}
    holes = [node.lineno for node in ast.walk(tree)
             if isinstance(node, ast.Constant) and node.value is Ellipsis and id(node) not in indices]
    return (start + min(holes) - 1, lines[min(holes) - 1].strip()) if holes else None

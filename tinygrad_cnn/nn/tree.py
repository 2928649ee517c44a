"""Walks over the tree of modules: who is in it, under which path.

A path is the names of the attributes on the way, joined by dots: "features.3.weight". Parents come before their
children, a member reached by two ways comes once, under the first of its paths.
"""
from ..errors import ArgumentError, ModuleError

__all__ = ["Tree"]


class Tree:
    """The part of Module that walks it; it reads `_parameters`, `_buffers` and `_modules`."""

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Yield (path, module) for this module ("") and all below it, parents first; a shared one once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate=True):
        """Yield this module and all below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self):
        """Yield (name, module) for the direct submodules, a shared one once."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self):
        """Yield the direct submodules."""
        for _, child in self.named_children():
            yield child

    def _named_members(self, store, prefix, recurse, remove_duplicate):
        seen = set()
        owners = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in owners:
            for name, member in module.__dict__[store].items():
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield f"{path}.{name}" if path else name, member

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Yield (path, Parameter) for this module and, with `recurse`, all below it; a shared one once."""
        yield from self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """Yield the Parameters, the order and rules being those of named_parameters."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Yield (path, Tensor) for the buffers of this module and, with `recurse`, all below it."""
        yield from self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """Yield the buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target):
        """The module at a dotted path; "" is this module.

        Raises: ModuleError if the path leads nowhere, or to something that is no module.
        """
        module = self
        walked = []
        for name in target.split(".") if target else ():
            child = module._modules.get(name)
            if child is None:
                where = f"{type(self).__name__}.{'.'.join(walked)}" if walked else type(self).__name__
                raise ModuleError(f"get_submodule: {where} has no submodule {name!r} (looking for {target!r}). "
                                  f"Use one of those it has: {', '.join(map(repr, module._modules)) or 'none'}.")
            module = child
            walked.append(name)
        return module

    def set_submodule(self, target, module, strict=False):
        """Put `module` at a dotted path; with `strict` only where a submodule already is.

        Raises: ModuleError if the path leads nowhere, ArgumentError for an empty path.
        """
        if not target:
            raise ArgumentError("set_submodule: the path is empty. Name the submodule to set, as 'features.3'.")
        owner, _, name = target.rpartition(".")
        owner = self.get_submodule(owner)
        if strict and name not in owner._modules:
            raise ModuleError(f"set_submodule: there is no submodule {target!r} to replace. "
                              "Pass strict=False to add one.")
        setattr(owner, name, module)

    def get_parameter(self, target):
        """The Parameter at a dotted path.

        Raises: ModuleError if there is none.
        """
        return self._get_member("parameter", "_parameters", target)

    def get_buffer(self, target):
        """The buffer at a dotted path.

        Raises: ModuleError if there is none.
        """
        return self._get_member("buffer", "_buffers", target)

    def _get_member(self, kind, store, target):
        owner, _, name = target.rpartition(".")
        members = self.get_submodule(owner).__dict__[store]
        if members.get(name) is None:
            raise ModuleError(f"get_{kind}: there is no {kind} {target!r}. "
                              f"Use one of those {owner or type(self).__name__} has: "
                              f"{', '.join(map(repr, members)) or 'none'}.")
        return members[name]

    def apply(self, fn):
        """Call `fn(module)` on every module below this one, then on this one. Returns this module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

"""Grange, a render farm.

`Client`, `AsyncClient` and the shapes of a job are what scripts import from here; they are
loaded when first asked for, so that a worker does not carry the client.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "AsyncClient": ("grange.client", "AsyncClient"),
    "Block": ("grange.model.spec", "BlockSpec"),
    "Client": ("grange.client", "Client"),
    "GrangeError": ("grange.client", "GrangeError"),
    "Job": ("grange.model.spec", "JobSpec"),
    "JobState": ("grange.model.states", "JobState"),
    "Task": ("grange.model.spec", "TaskSpec"),
    "TaskState": ("grange.model.states", "TaskState"),
    "__version__": ("grange.model.version", "VERSION"),
}

__all__ = list(_HOME)  # strings


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'grange' has no attribute {name!r}")
    module, attribute = _HOME[name]
    return getattr(import_module(module), attribute)

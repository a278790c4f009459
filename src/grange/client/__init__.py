"""The client library: what a script needs to submit to a farm, to watch it and to steer it.

What is named here is loaded when first asked for: the requests and the errors need no HTTP
library, and the command line starts faster without.
"""

from __future__ import annotations

from importlib import import_module

_HOME = {
    "ApiError": "grange.client.errors",
    "AsyncClient": "grange.client.async_client",
    "Client": "grange.client.client",
    "GrangeError": "grange.client.errors",
    "JobDeleted": "grange.client.errors",
    "JobFailed": "grange.client.errors",
    "NotAllowed": "grange.client.errors",
    "NotFound": "grange.client.errors",
    "NotSignedIn": "grange.client.errors",
    "Unreachable": "grange.client.errors",
    "WaitTimedOut": "grange.client.errors",
}

__all__ = list(_HOME)  # strings


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'grange.client' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)

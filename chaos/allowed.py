"""What a fault needs and not everybody may do."""

from __future__ import annotations


class NotAllowed(Exception):
    """The system does not let us: root is needed, or a part of the kernel is missing."""

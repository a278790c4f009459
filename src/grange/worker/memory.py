"""Rules for memory: what a run asked for, what it used, what it may use."""

from __future__ import annotations

from grange.model.run import RunSpec


def over_need(spec: RunSpec, used_mb: int) -> str:
    """Say that a run has used more than it asked for; "" where it has not, or did not ask."""
    if 0 < spec.need_memory_mb < used_mb:
        return f"used {used_mb:,} MB of memory, asked for {spec.need_memory_mb:,} MB"
    return ""


def over_limit(spec: RunSpec, used_mb: int) -> str:
    """Say that a run uses more than it may; "" where it does not, or may use any."""
    if 0 < spec.memory_max_mb < used_mb:
        return (
            f"ended for its memory: it used {used_mb:,} MB, may use {spec.memory_max_mb:,} MB"
            f" and asked for {spec.need_memory_mb:,} MB"
        )
    return ""


def killed(spec: RunSpec) -> str:
    """Say that the system has killed a run for memory."""
    if spec.memory_max_mb > 0:
        return (
            f"the system killed it: it reached the {spec.memory_max_mb:,} MB of memory that it"
            f" may use, and asked for {spec.need_memory_mb:,} MB"
        )
    return "the system killed it: memory is used up"

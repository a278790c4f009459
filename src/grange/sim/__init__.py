"""The simulator: the real farm, a virtual clock, virtual workers and people, and faults.

Deterministic: the same seed gives the same week, message by message.
"""

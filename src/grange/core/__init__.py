"""The farm as a deterministic value: no clock, no I/O, no randomness.

Read `farm.py` first, then `state.py`; the rules are in `jobs.py`, `operate.py`, `edits.py`,
`runs.py`, `workers.py`, `nodes.py` and `dispatch.py`, and `check` says what must always hold.
"""

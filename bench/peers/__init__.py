"""Who is measured: one module each, run as a process of its own; others' need .venv/bench."""

"""The figures: one module each, and what they share. `python -m bench` measures them all."""

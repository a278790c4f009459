"""Simulated workers: many links in one process, which speak the worker's wire and run nothing."""

"""Durability: rows in a database for the farm's state, files for the runs' logs."""

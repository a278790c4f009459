"""What clients want to see, by type and mode (specification 2.1)."""

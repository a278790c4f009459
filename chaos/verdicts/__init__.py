"""One module for each promise: what in a history breaks it."""

"""Tools for those who work on Grange; not part of what is installed."""

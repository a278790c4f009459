"""The command line: `grange`."""

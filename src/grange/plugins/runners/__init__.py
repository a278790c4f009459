"""Command-line programs that render, for libraries that bring no program of their own."""

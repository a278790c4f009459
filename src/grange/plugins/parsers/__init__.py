"""Parsers that ship, one small file per program. A parser is loaded by its file's name."""

"""The pages of docs/reference, one module per kind, each built from the code."""

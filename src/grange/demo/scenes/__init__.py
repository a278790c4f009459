"""The film of the demo: a grange at dusk, built from code alone for two renderers."""

"""Grange's own API, as described by its OpenAPI document."""

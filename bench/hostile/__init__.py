"""Requests that nobody should send: what they are, and what the server makes of them."""

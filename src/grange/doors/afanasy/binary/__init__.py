"""Afanasy's binary messages, protocol 81: bytes to shapes and back; nothing else."""

"""The fault campaign: real farms are broken on purpose, and what they promised is judged."""

"""The demo: a real animation, rendered by a farm on this machine and made into a film."""

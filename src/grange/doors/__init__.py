"""Front doors: foreign protocols to our commands, our views to foreign answers."""

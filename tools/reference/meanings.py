MEANINGS: dict[str, dict[str, str]] = {}

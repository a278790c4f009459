"""The long form of tests/fuzz: the same targets, driven by what new code their inputs reach."""

"""A mutation run over the farm's core: what may be changed in it without a test that fails?

Mutants are made by mutmut's operators and a few of our own. They are not run by mutmut: its
trampolines slow the tests down and are steps of their own to tests that count steps, and each
mutant costs it a collection of the tests. Here pytest collects once; each mutant is a fork in
which one function has other code, and which runs the tests that call it until one fails.
"""

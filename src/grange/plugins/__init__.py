"""Services and parsers: what Grange knows of the programs it runs.

A service says how a task's command is run on this machine and when its result is good; a
parser reads what the program prints. Both follow Afanasy's documented classes. The worker
knows only `grange.plugins.host`.
"""

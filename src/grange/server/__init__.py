"""The asyncio shell around the farm: sockets, files, clock."""

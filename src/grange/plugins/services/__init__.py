"""Services that ship, one small file per program. A service is loaded by its file's name."""

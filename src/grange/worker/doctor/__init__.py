"""Examines the machine of a worker: what it can render, and what is wrong with it.

Every check is a function that gives findings. None raises, and none waits for longer than it
says: what may hang, such as a folder of a dead server, is looked at by a child process.
"""

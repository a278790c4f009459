"""The worker: a daemon that dials the server and executes runs on this machine."""

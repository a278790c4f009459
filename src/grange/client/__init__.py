"""The client library: what a script needs to submit to a farm, to watch it and to steer it."""

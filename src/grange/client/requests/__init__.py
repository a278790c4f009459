"""Requests to the server as values, and the reading of its replies: no input, no output.

One module for each kind of thing: `jobs.pause(12)` is a request, and `Client.send` or
`AsyncClient.send` sends it and gives what its reply says.
"""

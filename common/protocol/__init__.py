"""The wire: what the broker and its clients say to one another, and nothing about sockets.

`docs/PROTOCOL.md` is the authority; these modules are its Python reading.
"""

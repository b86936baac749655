"""The client library: a pure session under one thread that owns PUSH and SUB.

session   handshake, outbox, gaps, order, dedupe: pure
client    `Client`: start, ask from any thread, read events from a queue
thread    the only owner of the two sockets
bot       a bot in a dozen lines
"""

"""Hostile peers against the shipped broker: each test names its row of the test list."""

"""Tests of being found on the network: its parts."""

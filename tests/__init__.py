"""Causette's tests: this mirrors common/, and system/ runs real processes on real sockets."""

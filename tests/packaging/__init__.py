"""What lies in packaging/, tried as far as a test can: the rest is in the scripts beside it."""

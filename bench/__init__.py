"""What Causette costs, measured beside a plain forwarder in the same run. See README.md."""

"""The doctor, told of each fault by making it: real brokers, firewalls, disks and limits."""

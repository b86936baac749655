"""Causette on networks made of namespaces: being found, joining, moving, staying in the network."""

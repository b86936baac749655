"""The broker: a pure core, a durable log, a gate, and one loop that owns them."""

"""What the operator types on the broker's own machine: `broker.py admin` and `broker.py invite`.

Owns those verbs. They decide nothing: they ask the broker, as any client does. See `session`.
"""

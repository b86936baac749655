"""Causette: a self-hosted group chat on ZeroMQ. This docstring is the map of the house.

The doors, at the top of the repository, hold arguments, signals and exit statuses only:
``broker.py``, ``client_gui.py``, ``client_cli.py``, ``client_web.py`` and, for developers,
``dev.py``. What they open:

``protocol/``
    What travels: messages (frozen typed structs), codec (frames to messages and back, one error),
    topics, names (rooms and nicknames). Pure.
``broker/``
    core and limits (pure decisions), journal, store (SQLite), gate (who may subscribe), server
    (the only broker file with sockets).
``client/``
    session and commands (pure), thread (the only owner of PUSH and SUB), profile (what is kept
    between runs), target, card, probe and pins (how a broker is found and trusted), bot,
    transcript.
``talk/``
    What a chat does with events and with typed lines, whatever shows it.
``doctor/``
    Why one cannot join, and why others cannot: what is looked at, judged and said.
``gui/``, ``cli/``, ``web/``
    The three faces. They never import one another, nor ``broker/``.
``paths``, ``keys``, ``i18n``, ``explain``, ``safe``, ``runtime``
    Shared ground: where files live and how they are written, CURVE keys as people see them, the
    two languages, what each error code means in words, text made harmless for terminals and logs,
    and what must happen before any package is imported.
``locale/``
    The French and English catalogues, and ``update.py`` that keeps them in step with the code.

Rules that ``tests/test_architecture.py`` enforces: a pure module imports no zmq, sqlite3, tkinter,
threading, socket or time; zmq is imported only where sockets live. This file imports nothing, so
that ``common.runtime`` works on a Python that has none of our packages.
"""

__version__ = "0.1.0"

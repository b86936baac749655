"""The terminal client: verbs for people and scripts over the client library.

app        dispatch, signals, exit statuses; no traceback reaches a person
verbs      the table of verbs and options
joining    from options to a session that is in, asking a person where one is there
output     stdout, stderr, colour
wire       JSON shapes
feed       what happens, what stdin says and what was answered, in one queue
send, listen, history, lists, export, bot   one verb each
chat       the conversation on a screen (the only part that needs prompt_toolkit)
"""

"""What a chat does, whatever shows it: the terminal and the window sit on it. Knows no screen.

    setup             what a chat needs from whoever opens it
    face              what it needs of whatever shows it
    controller        what is done with events and typed lines
    deeds, errands    the commands about rooms and people; about the server and one's own keys
    refusals          what becomes of a message that was refused
    pump              the thread that brings the library's events, in batches
    saving            a conversation into a file
    opening           from an entry to a chat: its profile and its client
    surroundings      rows of rooms and people, what calls this person, the words around
    words             how the link is, what kind of room this is
    leaving           the last second of a session

It imports neither a face (`cli`, `gui`, `web`) nor a toolkit.
"""

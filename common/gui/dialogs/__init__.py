"""What the window asks or lists on a card over the chat, a file for each matter.

asking      the form that they share: fields, a reason why not, a button
listing     the list that they share: rows, what is done about one, news from the broker
joining     a room to join or make; direct: somebody to write to; going: a room to go to
members     who belongs to a room, letting in and putting out; rules: what a room asks for
deed        muting, putting out, banning, deleting: how long, and why
serving     invitations, who waits, measures, roles, devices, nicknames, the log
saving, preferences, nickname, sheet of shortcuts
"""

"""`client_cli.py doctor` and `broker.py doctor`: why somebody cannot join, and what to do.

A check looks at one thing and tells findings; the order of the checks is such that the first thing
that is wrong is the cause of what follows. Looking (`ports`, `speaking`, `network`, `machine`, ...)
stands apart from judging (`judging`, `judging_server`), which is pure. Findings are stable for
programs, see docs/doctor.md; their words are in `phrases` and `phrases_server`.
"""

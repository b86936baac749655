"""What dev.py does behind its door: make the environment, then run, test or lint.

Standard library only: all of this works before anything is installed, so nothing in here may
import `common`, and nothing in `common` may import this. The map:

    words         what is said to people, in two languages
    processes     child programs that do not outlive us
    pips          where a pip may be found on machines that hide it
    environment   .venv: is it the right one? if not, make it
    serving       is a broker answering? start one, wait for it, end it
    verbs         the command line and its verbs

By itself, in .venv, and the one that imports `common`:

    kill_loop     ten writers through many kill -9 of the broker
"""

"""Set up, run, test and lint Causette with nothing but a Python: `python3 dev.py run`.

This door owns one thing: telling an old Python, in one line, that it is too old. So it must stay
readable by any Python ever likely to meet it (no annotations, no f-strings), and must import
nothing else before that check. What the verbs do is in `devtools`.
"""

import sys

if sys.version_info < (3, 11):
    import os

    _lang = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG", "")
    _text = "dev.py: Causette needs Python 3.11 or newer, and this is %d.%d; try: python3.11 dev.py"
    if _lang.lower().startswith("fr"):
        _text = "dev.py : Causette demande Python 3.11 au moins, et voici %d.%d ; essayez : python3.11 dev.py"  # noqa: E501
    sys.exit(_text % sys.version_info[:2])

try:
    from devtools.verbs import main

    _status = main(sys.argv[1:])
except KeyboardInterrupt:
    _status = 130

if __name__ == "__main__":
    sys.exit(_status)

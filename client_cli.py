"""The door to the terminal client and the bots: `client_cli.py --help`."""

import sys

from common.runtime import need_packages

need_packages(["zmq", "msgspec", "platformdirs"])


def main() -> int:
    """Run the terminal client; returns the exit status."""
    try:
        from common.cli import app
    except KeyboardInterrupt:
        return 130
    return app.main()


if __name__ == "__main__":
    sys.exit(main())

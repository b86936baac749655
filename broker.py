"""The door to the broker: `broker.py --help`."""

import sys

from common.runtime import need_packages

need_packages(["zmq", "msgspec", "platformdirs"])


def main() -> int:
    """Run the broker; returns the exit status."""
    try:
        from common.broker import app
    except KeyboardInterrupt:
        return 130
    return app.main()


if __name__ == "__main__":
    sys.exit(main())

"""The door to the page in the browser: `client_web.py --help`."""

import sys

from common.runtime import need_packages

need_packages(["zmq", "msgspec", "platformdirs", "aiohttp"])


def main() -> int:
    """Run the gateway; returns the exit status."""
    try:
        from common.web import app
    except KeyboardInterrupt:
        return 130
    return app.main()


if __name__ == "__main__":
    sys.exit(main())

"""The door to the window: `client_gui.py --help`."""

import sys

from common.runtime import need_packages

need_packages(["zmq", "msgspec", "platformdirs", "ttkbootstrap", "PIL"])


def main() -> int:
    """Run the window; returns the exit status."""
    try:
        from common.gui import app
    except KeyboardInterrupt:
        return 130
    return app.main()


if __name__ == "__main__":
    sys.exit(main())

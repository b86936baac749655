"""Opening a link of a message in the person's browser. Owns which links may be opened."""

from __future__ import annotations

import threading
import webbrowser


def open_link(url: str) -> bool:
    """Open it, where it leads to the web; tells whether it does."""
    if not url.startswith(("http://", "https://")):
        return False
    # A browser may take a while to start.
    threading.Thread(target=webbrowser.open_new_tab, args=(url,), name="link", daemon=True).start()
    return True

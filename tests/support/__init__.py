"""What every test may lean on: waiting without sleeping, real programs, missing parts.

`programs` is not re-exported: it is for the tests that start real processes.
"""

from tests.support.parts import require, require_display, require_module
from tests.support.waiting import scaled, wait_until

__all__ = ["require", "require_display", "require_module", "scaled", "wait_until"]

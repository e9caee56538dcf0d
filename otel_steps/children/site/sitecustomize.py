"""
Loaded by every Python that a recorded program starts, of whatever version and environment.

It stands in the way of another `sitecustomize`, so it loads that one, as if it were not here. It is
plain enough for any Python to read, and says nothing where otel-steps is not installed.
"""

import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - any Python
_own = sys.modules.pop(__name__)
sys.path[:] = [each for each in sys.path if os.path.abspath(each) != _folder]  # noqa: PTH100
try:
    __import__(__name__)
except ImportError as error:
    sys.modules[__name__] = _own
    if getattr(error, "name", __name__) != __name__:
        raise
finally:
    if sys.version_info >= (3, 11):  # noqa: UP036 - any Python
        try:
            from otel_steps.children import watch
        except ImportError:
            pass
        else:
            watch()

"""
Why a run did not end well, told from what was recorded of it.

`why_of` asks its rules in a fixed order and takes the first that finds something; a rule looks at
the facts of a run (`run.py`) and says a `Finding` or nothing. What no rule can tell is said to be
not clear: a wrong answer costs more than none. `reading.py` brings the facts from a store.
"""

from otel_steps.why.answer import Why, why_of

__all__ = ["Why", "why_of"]

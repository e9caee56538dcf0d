"""
A store of two tiers, read as one: the database, and the archive that old tasks have gone to.

| module | knows |
|---|---|
| `store` | which tier answers what |
| `thawed` | the rows of some archived tasks, as the embedded store reads them |
"""

from otel_steps.stores.tiered.store import TieredStore

__all__ = ["TieredStore"]

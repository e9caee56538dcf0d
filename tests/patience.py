"""How long a test waits for what has to come."""

from typing import Final

# It tells a hang from a slow machine, and nothing else: a loaded one may take a hundred times as
# long as a quiet one, so no test may tell more by it.
PATIENCE_S: Final = 600

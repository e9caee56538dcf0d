"""
Our modules without their comments, for the way to the browser: a quarter of what they weigh.

There is no build step: what stands in the file is what runs, line by line.
"""

import re
from typing import Final

# A comment that has its lines to itself, and a type before a value. Any other one behind code
# stays: a pattern cannot tell it from text.
_COMMENT: Final = re.compile(
    r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*$|//[^\n]*$)|/\*\* @type (?:(?!\*/).)*\*/ ?",
    re.MULTILINE | re.DOTALL,
)


def lean(source: str) -> str:
    """Return JavaScript or CSS without such comments; every line keeps its number."""
    return _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), source)

"""How much of a value is kept. Sizes are bytes of UTF-8."""

from typing import Final

# A whole value may have this size, one text a quarter of it.
MAX_VALUE_BYTES: Final = 4 * 2**20
# For reading what was cleaned once: with its marks it may be a little larger than the limit.
MAX_READ_BYTES: Final = 2 * MAX_VALUE_BYTES
MAX_TEXT_BYTES: Final = 2**20
MAX_KEY_BYTES: Final = 512
MAX_REPR_BYTES: Final = 1024
MAX_ITEMS: Final = 10_000
MAX_DEPTH: Final = 32
MAX_MESSAGE_CHARS: Final = 2_000

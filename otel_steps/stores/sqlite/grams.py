"""
Grams: which one, two and three characters stand next to each other in a text.

A text of up to three characters is in another one exactly where it is one of its grams. A longer
one can only be where all its grams are, which leaves few texts to read. Not words: those of Chinese
have two or three characters, and nobody puts spaces between them.
"""

from collections.abc import Iterable
from typing import Final

SIZE: Final = 3
# Of a long text. They are to leave few texts to read, and each costs a look into the index.
_MOST_ASKED: Final = 6


def grams_of(texts: Iterable[str]) -> set[str]:
    """Return all grams of *texts*."""
    longest = {text[at : at + SIZE] for text in texts for at in range(len(text))}
    # Each shorter one begins such a piece, the last ones a piece that the end has cut.
    return longest.union(*({gram[:size] for gram in longest} for size in range(1, SIZE)))


def grams_to_ask(text: str) -> list[str]:
    """Return grams that whatever has *text* in it has to have: of a long one, not all."""
    places = range(max(len(text) - SIZE, 0) + 1)
    step = -(-len(places) // _MOST_ASKED)
    return [text[at : at + SIZE] for at in {*places[::step], places[-1]}]


def token_of(gram: str) -> str:
    """
    Return *gram* as a word that FTS5's tokenizer `ascii` takes whole, another one for each gram.

    It takes letters, digits and all that is not ASCII. A gram with another sign is written out, and
    is longer than any other then.
    """
    return gram if gram.isalnum() else "".join([f"x{ord(sign):04x}" for sign in gram])

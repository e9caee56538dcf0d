"""What an encoder takes: a picture, and how long it is shown."""

from typing import NamedTuple

from PIL import Image


class Shot(NamedTuple):
    """
    A picture of a film.

    Attributes:
        picture: RGB, all of one size.
        ms: How long it is shown.
        at: Which step it belongs to, from 0.
    """

    picture: Image.Image
    ms: int
    at: int

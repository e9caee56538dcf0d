"""Which Supabase project the settings name: its address and the keys for it. Asks no network."""

import os
import re
from collections.abc import Iterator
from typing import Final

from otel_steps.config import VARIABLES, Secret, Settings
from otel_steps.errors import StoreOnHold

_URL: Final = re.compile(r"https?://[^/?#@\s]+/*")
_PUBLISHABLE: Final = "sb_publishable_"


def address_of(settings: Settings) -> str:
    """
    Return the address of the project, without a slash at the end.

    Raises:
        StoreOnHold: There is none.
    """
    url = settings.supabase_url
    if url is None:
        raise StoreOnHold(
            "the store supabase needs an address",
            remedy="set SUPABASE_URL to https://<project>.supabase.co",
        )
    if not _URL.fullmatch(url):
        # Not shown: a key may have ended up there.
        raise StoreOnHold(
            "SUPABASE_URL is not the address of a project",
            remedy="set it to https://<project>.supabase.co, without a path",
        )
    return url.rstrip("/")


def keys_of(settings: Settings) -> list[Secret]:
    """
    Return the key of the settings, then those that stand in the environment now.

    Raises:
        StoreOnHold: There is none.
    """
    keys = [Secret(key) for key in dict.fromkeys(_keys(settings)) if key]
    if not keys:
        raise StoreOnHold(
            "the store supabase needs a key", remedy="set SUPABASE_SECRET_KEY to a secret key"
        )
    return keys


def check(settings: Settings) -> None:
    """
    Check that address and key are there and look like what they should be.

    Raises:
        StoreOnHold: One of them does not.
    """
    address_of(settings)
    if keys_of(settings)[0].startswith(_PUBLISHABLE):
        raise StoreOnHold(
            "the key for the store supabase is a publishable one, which may write nothing",
            remedy="set SUPABASE_SECRET_KEY to a secret key (`sb_secret_...`)",
        )


def _keys(settings: Settings) -> Iterator[str]:
    # A line break at the end, as copied keys have one, is no part of it.
    if settings.supabase_key is not None:
        yield settings.supabase_key.reveal().strip()
    for variable, name in VARIABLES.items():
        if name == "supabase_key":
            yield os.environ.get(variable, "").strip()

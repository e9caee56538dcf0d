"""
Secrets, masked in what people read: messages, stack traces. Pure.
"""

import re
from collections.abc import Sequence
from typing import Final

from otel_steps.sanitize.limits import MAX_MESSAGE_CHARS
from otel_steps.sanitize.text import repaired

_QUOTED_OR_WORD: Final = r"""(?:\\?"[^"\r\n]*"?|\\?'[^'\r\n]*'?|[^\s"',;&)\]}]+)"""

# Each pattern keeps its group and masks the rest. No repetition can match the same text in two
# ways, so that a hostile message costs no more than its length.
_SECRETS: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)\b[\\\"']{0,2}\s{0,8}[:=][^\r\n]*"
        ),
        r"\1: ***",
    ),
    (
        re.compile(
            r"(?i)((?:api|secret|access|role|private|service)[-_ ]?key|apikey|password|passwd|pwd"
            r"|passphrase|secret|token)([\\\"']{0,2}\s{0,8}[:=]\s{0,8})" + _QUOTED_OR_WORD
        ),
        r"\1\2***",
    ),
    (re.compile(r"(?i)\b(bearer)\s{1,8}[^\s\"',;]+"), r"\1 ***"),
    (re.compile(r"(://[^\s:/@\"']{0,256}:)(?!\d{1,5}(?:[/?#\s]|$))[^\s\"'<>]{1,512}@"), r"\1***@"),
    (re.compile(r"\b(sb_secret_|sk-|ghp_|github_pat_|hf_|xox[abp]-|AIza)[\w-]{6,}"), r"\1***"),
    (re.compile(r"\b(eyJ)[\w-]{6,}(?:\.[\w-]*){0,4}"), r"\1***"),
    # Zhipu BigModel and ModelScope, where most phone agents have their key from.
    (re.compile(r"()\b[0-9a-f]{32}\.[A-Za-z0-9]{12,64}\b"), r"\1***"),
    (re.compile(r"\b(ms-)[0-9a-f]{8}-[0-9a-f-]{27}"), r"\1***"),
)


def scrub(text: str) -> str:
    """
    Return *text* fit for a message: secrets masked, storable, at most 2,000 characters.

    Masked are keys and tokens by their look (`sb_secret_…`, `sk-…`, JWTs), by their name
    (`apikey: …`, `password=…`, `Bearer …`) and by their place (`user:…@host`).
    """
    text = masked(text)
    if len(text) > MAX_MESSAGE_CHARS:
        text = text[: MAX_MESSAGE_CHARS - 1] + "…"
    return text


def masked(text: str) -> str:
    """Return *text* as `scrub` does, for one that is worth more room: a stack trace."""
    # Far more than a message has, so that no secret is cut in two where a reader could see it.
    text = repaired(str(text)[: 32 * MAX_MESSAGE_CHARS])
    for pattern, mask in _SECRETS:
        text = pattern.sub(mask, text)
    return text

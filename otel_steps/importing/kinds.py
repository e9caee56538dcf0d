"""
What a file is, told from what is in it: never from its name, which people change.

JSON is told by the keys that stand near its beginning. A quotation mark within a text has a
backslash before it, so what looks like a key is one.
"""

import codecs
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from otel_steps.importing.opened import READ_ERRORS, opened
from otel_steps.otlp.framing import framing
from otel_steps.pictures.captured import PictureError, describe

# The pictures of a run come behind what tells it.
HEAD_BYTES: Final = 2**20

OTLP_JSON: Final = "OTLP JSON"
OTLP_PROTOBUF: Final = "OTLP protobuf"
IN_FLIGHT: Final = "in-flight log"
REPLAY: Final = "replay"
PICKLE: Final = "pickle"
ATIF: Final = "ATIF"
ANDROID_WORLD: Final = "AndroidWorld"
BROWSER_USE: Final = "browser-use"
UI_TARS: Final = "UI-TARS"
MIDSCENE_DUMP: Final = "Midscene dump"
MIDSCENE_REPORT: Final = "Midscene report"


def _keys(*names: str) -> Callable[[bytes], bool]:
    """Return what finds all of *names* as keys; `a|b` is either of two."""
    patterns = [re.compile(rb'"(?:%b)"\s*:' % name.encode()) for name in names]
    return lambda head: all(pattern.search(head) for pattern in patterns)


_ATIF: Final = re.compile(rb'"schema_version"\s*:\s*"ATIF-v1')
# The first that fits counts.
_JSON: Final[tuple[tuple[str, Callable[[bytes], bool]], ...]] = (
    (REPLAY, lambda head: b'"autoglm.replay.event.v1"' in head),
    (ATIF, lambda head: _ATIF.search(head) is not None),
    (OTLP_JSON, _keys("(?:resource|scope)_?(?:[Ss]pans|[Ll]ogs|[Mm]etrics)")),
    (BROWSER_USE, _keys("history", "model_output", "result")),
    (UI_TARS, _keys("conversations", "from", "value")),
    (MIDSCENE_DUMP, _keys("executions", "groupName|sdkVersion|modelBriefs")),
)
_STATE: Final = re.compile(rb'[0-9a-f]{16}(?: \{"otelSteps"|\n)')
_TEXT_PICKLE: Final = re.compile(rb"\((?:[ld]p\d+\n|[ld]\.)|[\]}\)]q.|\]\.", re.DOTALL)
_HTML: Final = re.compile(rb"\s*<(?:!doctype html|html|script)", re.IGNORECASE)
_PACKED: Final = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
    b"\x04\x22\x4d\x18": "lz4",
}
_JSON_KEY: Final = re.compile(rb'"([\w.\- ]{1,40})"\s*:')
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def head_of(path: Path) -> bytes:
    """
    Return the beginning of a file, unpacked; of a file that breaks off what there is of it.

    Raises:
        OSError: It cannot be read.
    """
    head = b""
    with opened(path) as file:
        try:
            while len(head) < HEAD_BYTES and (chunk := file.read(2**16)):
                head += chunk
        except READ_ERRORS as error:
            if not head:
                raise OSError(f"it cannot be unpacked: {error}") from error
    return head


def kind_of(head: bytes) -> str | None:
    """Return which kind of file begins with *head*, or None."""
    if head.startswith(b"\x80") or _TEXT_PICKLE.match(head):
        is_episode = b"episode_data" in head and b"task_template" in head
        return ANDROID_WORLD if is_episode else PICKLE
    if _CONTROL.search(head) and framing(head) is not None:
        return OTLP_PROTOBUF
    if _STATE.match(head):
        return IN_FLIGHT
    if is_gbk(head):
        return None
    if head.lstrip()[:1] in (b"{", b"["):
        return next((kind for kind, fits in _JSON if fits(head)), None)
    if _HTML.match(head) and b"midscene" in head.lower():
        return MIDSCENE_REPORT
    return None


def is_gbk(head: bytes) -> bool:
    """Tell whether text is rather in GBK than in UTF-8; a byte that is damaged makes none of it."""
    if head.isascii() or _CONTROL.search(head):
        return False
    as_utf8 = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
    wrong = as_utf8.count("\ufffd")
    if 2 * wrong <= sum(char > "\x7f" for char in as_utf8):
        return False
    try:
        codecs.getincrementaldecoder("gb18030")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def described(head: bytes) -> str:
    """Return what a file is that is of none of the kinds, and what to do about it; no content."""
    if not head.strip():
        return "empty"
    if packed := _packed(head):
        return f"packed with {packed}: unpack it first"
    if is_gbk(head):
        return "text in GBK, not in UTF-8: write it anew with iconv -f GB18030 -t UTF-8"
    if head.find(b"\0") in (0, 1) and head[2:4].count(0) == 1:
        order = "BE" if head[0] == 0 else "LE"
        return f"text in UTF-16 without a mark: write it anew with iconv -f UTF-16{order} -t UTF-8"
    try:
        return f"a picture ({describe(head).mime_type})"
    except PictureError:
        pass
    if _CONTROL.search(head):
        return "binary data of another kind"
    if head.lstrip()[:1] in (b"{", b"["):
        keys = dict.fromkeys(key.decode() for key in _JSON_KEY.findall(head[:4096]))
        named = f" with the keys {', '.join([*keys][:5])}" if keys else ""
        return f"JSON of another kind{named}"
    return "a web page of another kind" if _HTML.match(head) else "text of another kind"


def _packed(head: bytes) -> str | None:
    """Return what has packed a file, or each message of it, as the Collector does."""
    starts = (head, head[struct.calcsize(">I") :])
    return next(
        (name for start in starts for magic, name in _PACKED.items() if start.startswith(magic)),
        None,
    )

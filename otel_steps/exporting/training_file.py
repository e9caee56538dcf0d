"""Tasks as training data: JSON Lines, or Parquet with the pictures in it."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from otel_steps.exporting.examples import Row, Show, Wanted, examples
from otel_steps.pictures.captured import PictureError, describe
from otel_steps.pictures.names import path_of
from otel_steps.pictures.store import ScreenshotStore
from otel_steps.stores.contract import TaskReader

Keep = Callable[[str, bytes], str]

# Written at once: what is in memory, and what a reader has to take in one piece.
_GROUP_BYTES: Final = 8 * 2**20
_GROUP_ROWS: Final = 500
# Columns that say the same in many rows.
_REPEATED: Final = ("task_id", "status", "agent", "model")


def lines(
    task: Row, store: TaskReader, pictures: ScreenshotStore, wanted: Wanted, keep: Keep
) -> Iterator[str]:
    """Yield the examples of a task, a line of JSON each."""
    for example in _examples(task, store, wanted, _reader(pictures, keep)):
        yield json.dumps(example, ensure_ascii=False) + "\n"


def with_bytes(
    task: Row, store: TaskReader, pictures: ScreenshotStore, wanted: Wanted
) -> Iterator[dict[str, Any]]:
    """Yield the examples of a task, each picture as `{"bytes", "path"}`."""
    show = _reader(pictures, lambda name, data: {"bytes": data, "path": name})
    return _examples(task, store, wanted, show)


def parquet(found: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield a Parquet file of examples that `with_bytes` has made, a group of rows at a time."""
    # Some 0.2 s, for the one format that needs it.
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    schema = _schema(pa)
    sink = _Sink()
    # Without a dictionary of pictures, which would be kept in memory.
    with pq.ParquetWriter(
        sink, schema, compression="zstd", use_dictionary=list(_REPEATED)
    ) as writer:
        group: list[dict[str, Any]] = []
        size = 0
        for example in found:
            group.append(example)
            size += _size(example)
            if size >= _GROUP_BYTES or len(group) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_pylist(group, schema))
                yield sink.taken()
                group, size = [], 0
        writer.write_table(pa.Table.from_pylist(group, schema))
    yield sink.taken()


def _examples(task: Row, store: TaskReader, wanted: Wanted, show: Show) -> Iterator[dict[str, Any]]:
    task_id = task["task_id"]
    index = store.index(task_id)
    if index is None:
        return iter(())  # removed since it was found: the other tasks of the file stay
    names = dict(zip(index["id"], index["picture"], strict=True))
    return examples(task, store.steps(task_id), names, wanted, show)


def _reader(pictures: ScreenshotStore, keep: Callable[[str, bytes], Any]) -> Show:
    def show(name: str) -> Any:
        data = pictures.read(name)
        if data is None:
            return None
        try:
            media_type = describe(data).mime_type
        except PictureError:
            return None
        return keep(path_of(name, media_type).rpartition("/")[2], data)

    return show


def _size(example: Mapping[str, Any]) -> int:
    words = sum(len(message["content"]) for message in example["messages"])
    return words + sum(len(image["bytes"]) for image in example["images"])


class _Sink(io.RawIOBase):
    """A file to write to, whose content is taken away piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        return self._at

    def taken(self) -> bytes:
        """Return what was written since it was last called."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _schema(pa: Any) -> Any:
    text, texts = pa.string(), pa.list_(pa.string())
    word = {"dtype": "string", "_type": "Value"}
    number = {"dtype": "int32", "_type": "Value"}
    message = pa.struct([("role", text), ("content", text)])
    image = pa.struct([("bytes", pa.binary()), ("path", text)])
    columns: list[tuple[str, Any, Any]] = [
        ("messages", pa.list_(message), [{"role": word, "content": word}]),
        ("images", pa.list_(image), [{"_type": "Image"}]),
        ("task_id", text, word),
        ("steps", pa.list_(pa.int32()), [number]),
        ("outcomes", texts, [word]),
        ("coordinates", texts, [word]),
        ("status", text, word),
        ("agent", text, word),
        ("model", text, word),
    ]
    # As `datasets` says it in its own files: without it an image would be a structure of bytes.
    features = {name: feature for name, _, feature in columns}
    told = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([(name, kind) for name, kind, _ in columns], metadata=told)

"""
The cold tier: tasks that the store has let go of, in files that need no database.

| module | knows |
|---|---|
| `layout` | what the files are called, and what the archive says of itself |
| `files` | the files of an archive, in a folder or at a URL |
| `parquet` | rows as Parquet and back, by DuckDB |
| `archive` | an archive: rows written, found and read, and its pictures |

Nothing that is written is ever changed: a bundle of tasks has files of its own, and nothing refers
to them before they are whole.
"""

from otel_steps.stores.cold.archive import Archive, archive_in, open_archive

__all__ = ["Archive", "archive_in", "open_archive"]

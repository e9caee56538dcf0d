"""
The migrations: the files that they are, and the script that they make together.

A migration is a file `<14 digits>_<name>.sql` as the Supabase CLI has it, which looks into no
folder below. Each may be run again at will, and one that is changed gets a new version. What has
been applied to the schema `public` stands in the CLI's own table, so that both may be used on the
same database; what has been applied to another schema stands in a table of that schema.

A function has a file to itself, which makes it anew. To change one is to edit its file and to give
it a version behind all other functions, and behind it a new one to the file of the rights, which
are given to what there is. A function in the language SQL is made behind those that it calls.

In the folder `optional` is what a database gets where somebody asks for it by name, behind all
others and each time anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otel_steps.config import PUBLIC
from otel_steps.errors import StoreOnHold

# In the wheel, and in a checkout.
_FOLDERS: Final = (
    Path(__file__).parent.parent / "_migrations",
    Path(__file__).parent.parent.parent / "migrations",
)

# These come first, whether they have been applied or not. They refuse what the others would harm:
# names that mean something else, rules that nobody has let go of.
CHECKS: Final = ("otel_steps_guard", "otel_steps_former_rules")

LET_GO: Final = "SET LOCAL otel_steps.lets_go = 'on'"

# "otelstep" as a number: two runs at once take turns.
LOCK: Final = "SELECT pg_advisory_xact_lock(8031155551976318320)"

# An agent that is writing ends its transaction long before; what takes longer must not keep every
# other reader of the table waiting behind us. A large table may take its time, though.
LIMITS: Final = "SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = 0"


@dataclass(frozen=True, slots=True)
class Migration:
    """
    One step of the schema.

    Attributes:
        version: 14 digits; the order in which they are applied. "" of an optional one.
        name: What stands behind the version in the name of the file.
        sql: Any number of statements, for one transaction; they name the schema `public`.
    """

    version: str
    name: str
    sql: str

    def __str__(self) -> str:
        return f"{self.version}_{self.name}" if self.version else self.name

    def sql_for(self, schema: str) -> str:
        """Return the statements for another schema; its name is a checked one of `Settings`."""
        if schema == PUBLIC:
            return self.sql
        return re.sub(r"\bpublic\.", f'"{schema}".', self.sql).replace("'public'", f"'{schema}'")


def migrations(folders: Sequence[Path] = _FOLDERS) -> list[Migration]:
    """
    Return all migrations in their order.

    Raises:
        StoreOnHold: None of *folders* is there.
    """
    for folder in folders:
        if paths := sorted(folder.glob("*_*.sql")):
            return [_read(path) for path in paths]
    raise StoreOnHold(
        "the migrations are missing from this installation",
        remedy="install it again: `pip install --force-reinstall otel-steps`",
    )


def optional(folders: Sequence[Path] = _FOLDERS) -> dict[str, Migration]:
    """Return what a database may have besides the migrations, by name; it has no version."""
    paths = [path for folder in folders for path in sorted(folder.glob("optional/*.sql"))]
    return {
        path.stem: Migration(version="", name=path.stem, sql=path.read_text(encoding="utf-8"))
        for path in paths
    }


def sql(schema: str = PUBLIC, *, lets_go: bool = False, extras: Sequence[Migration] = ()) -> str:
    """
    Return all migrations as one script for a person's SQL editor; it may be run again.

    Args:
        schema: The schema to make everything in, as `Settings` has it.
        lets_go: Whether a hand-written tracker's tables may lose rules; else it refuses to run.
        extras: Some of `optional`.
    """
    known = migrations()
    texts = {each.name: f"-- {each}\n\n{each.sql_for(schema).strip()}" for each in known}
    rows = ",\n".join(f"    ('{each.version}', '{each.name}')" for each in known)
    return "\n\n".join(
        [
            f"BEGIN;\n{LOCK};\n{LIMITS};" + (f"\n{LET_GO};" if lets_go else ""),
            *(text for name, text in texts.items() if name in CHECKS),
            create_history(schema).strip(),
            *(text for name, text in texts.items() if name not in CHECKS),
            f"INSERT INTO {history(schema)} (version, name) VALUES\n{rows}\n"
            "ON CONFLICT DO NOTHING;",
            *(f"-- {each}\n\n{each.sql_for(schema).strip()}" for each in extras),
            "COMMIT;\n",
        ]
    )


def history(schema: str) -> str:
    """Return the table of what has been applied to *schema*."""
    if schema == PUBLIC:
        return "supabase_migrations.schema_migrations"
    return f'"{schema}".otel_steps_migrations'


def create_history(schema: str) -> str:
    """Return the statements that make that table, and the schema that it is in."""
    table = history(schema)
    parent = table.partition(".")[0].strip('"')
    return f"""
DO $$
BEGIN
    IF to_regnamespace('{parent}') IS NULL THEN
        CREATE SCHEMA "{parent}";
    END IF;
END
$$;
CREATE TABLE IF NOT EXISTS {table} (
    version TEXT NOT NULL PRIMARY KEY,
    statements TEXT[],
    name TEXT
);
""" + ("" if schema == PUBLIC else f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n")


def _read(path: Path) -> Migration:
    version, _, name = path.stem.partition("_")
    return Migration(version=version, name=name, sql=path.read_text(encoding="utf-8"))

"""`otel-steps import`: bring in what other recorders have left behind."""

from contextlib import closing
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from otel_steps.admit import Admission
from otel_steps.cli.import_pack import import_pack
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, settings_of
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, err, out, print_json, warn
from otel_steps.cli.wording import one_line
from otel_steps.health.problems import Problems
from otel_steps.importing import FormerDatabase, Importer, Refused, Source, find_sources, what_is
from otel_steps.importing.importer import Imported
from otel_steps.stores import Store, StoreOnHold, open_database
from otel_steps.stores.pack.archive import is_pack
from otel_steps.stores.pictures import open_screenshots

_SCHEMES: Final = ("postgresql://", "postgres://")
_MOST_SHOWN: Final = 20
_IMPORTABLE: Final = (
    "What can be: a pack, OTLP (JSON, JSON Lines, protobuf), a journal, AutoGLM-GUI's "
    "replay.jsonl, browser-use's history, Midscene's report or dump, UI-TARS's session, "
    "AndroidWorld's *.pkl.gz, a trajectory of ATIF, "
    "a StepTracker's *.pkl or its database as postgresql://user:password@host/name"
)


def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PATH_OR_URL",
            help="A pack (`otel-steps pack`); a file or a folder of files: OTLP (JSON, JSON Lines, "
            "protobuf), a journal, replays of AutoGLM-GUI, histories of browser-use, reports of "
            "Midscene, sessions of UI-TARS, episodes of AndroidWorld, trajectories of ATIF, "
            "pickles of a StepTracker; gzipped or not. Or the database of a StepTracker, "
            "postgresql://...",
            show_default=False,
        ),
    ],
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """Import what other hosts, agents and recorders have left behind in files."""
    settings = settings_of(store, folder)
    if is_pack(Path(source)):
        import_pack(Path(source), settings, as_json=as_json)
        return
    with closing(open_database(settings=settings)) as opened:
        admit = Admission(settings, problems=Problems(settings.problems_dir))
        importer = Importer(opened, open_screenshots(settings, opened), admit)
        _import(_sources(source, opened, admit, settings.backup_dir), importer)
    imported = importer.imported
    if as_json:
        print_json(_for_scripts(imported))
    else:
        out.print(_summary(imported))
        _warn(imported.refused)
    if imported.refused:
        raise typer.Exit(1)


def _sources(text: str, store: Store, admit: Admission, journal: Path) -> list[Source]:
    if text.startswith(_SCHEMES):
        return [_database(text, store)]
    path = Path(text).expanduser()
    if not path.exists():
        raise CommandError(f"there is no {text!r}; name a file or a folder", status=USAGE_ERROR)
    if sources := find_sources(path, admit.pictures, journal=journal):
        return sources
    found = "a folder with nothing to import" if path.is_dir() else what_is(path)
    raise CommandError(f"{text!r} is {found}; nothing imported. {_IMPORTABLE}", status=USAGE_ERROR)


def _database(url: str, store: Store) -> Source:
    """
    Return the database at *url*, unless it is the store.

    Raises:
        CommandError: It is; each step in it would be there twice.
    """
    database = FormerDatabase(url)
    try:
        size = database.count()
        is_store = database.is_shown_by(store)
    except StoreOnHold as error:
        # Its own remedy speaks of the setting that names the store.
        remedy = error.remedy.replace("OTEL_STEPS_STORE", "the URL to import from")
        raise StoreOnHold(str(error), remedy=remedy) from error
    if is_store:
        raise CommandError(
            f"{database.name} is the store itself; its old rows are readable where they are"
        )
    return Source(database.name, database.read, size)


def _import(sources: list[Source], importer: Importer) -> None:
    columns = (TextColumn("importing {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=sum(_weight(source) for source in sources))
        for source in sources:
            for found in source.read():
                importer.take(found)
                steps = f"{importer.imported.steps} steps"
                bar.update(task, description=steps, advance=0 if source.size is None else 1)
            importer.flush()
            bar.advance(task, 1 if source.size is None else 0)


def _weight(source: Source) -> int:
    """Return how many ticks of the bar a source takes: one a row, or one a file."""
    return 1 if source.size is None else source.size


def _summary(imported: Imported) -> str:
    parts = [
        f"{len(imported.tasks)} tasks",
        f"{imported.steps} steps",
        f"{imported.pictures} pictures",
    ]
    if imported.spans:
        parts.append(f"{imported.spans} other spans")
    text = f"imported {', '.join(parts)}"
    if imported.known:
        text += f"; {imported.known} spans were there already"
    if imported.missing_pictures:
        text += f"; {imported.missing_pictures} pictures are not where their steps say"
    if imported.refused:
        text += f"; {len(imported.refused)} refused"
    return text


def _warn(refused: list[Refused]) -> None:
    for each in refused[:_MOST_SHOWN]:
        warn(f"{one_line(each.source)}: {one_line(each.reason)}")
    if len(refused) > _MOST_SHOWN:
        warn(f"and {len(refused) - _MOST_SHOWN} more; --json names all")


def _for_scripts(imported: Imported) -> dict[str, object]:
    return {
        "tasks": len(imported.tasks),
        "steps": imported.steps,
        "spans": imported.spans,
        "pictures": imported.pictures,
        "missing_pictures": imported.missing_pictures,
        "known": imported.known,
        "refused": [{"source": each.source, "reason": each.reason} for each in imported.refused],
    }

"""`otel-steps token`: who else may look into the viewer, and what they may do there."""

from pathlib import Path
from typing import Annotated

import typer

from otel_steps.cli.options import DirOption, JsonOption, settings_of
from otel_steps.cli.terminal import CommandError, err, out, print_json
from otel_steps.cli.wording import one_line
from otel_steps.serving.access import Role
from otel_steps.serving.tokens import FILE, NamedToken, Tokens

token = typer.Typer(
    no_args_is_help=True,
    help="Give other people a token for the viewer: with a role, and perhaps for one project.",
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Whose it is.")]


@token.command()
def add(
    name: NameArgument,
    role: Annotated[
        Role, typer.Option(help="read looks; annotate also tags and notes; delete also deletes.")
    ] = Role.READ,
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the tasks of this project.")
    ] = None,
    as_json: JsonOption = False,
    folder: DirOption = None,
) -> None:
    """Make a token and print it, once: it is kept nowhere. A viewer that runs knows it at once."""
    made = _tokens(folder).add(name, role, project)
    if as_json:
        print_json({"name": name, "role": role, "project": project, "token": made.reveal()})
        return
    out.print(made.reveal(), soft_wrap=True)
    err.print(
        f"{one_line(name)} may {_may(role, project)}: on the page that the viewer shows to a "
        "stranger, or as `Authorization: Bearer`",
        soft_wrap=True,
    )


@token.command(name="list")
def list_(as_json: JsonOption = False, folder: DirOption = None) -> None:
    """List the tokens that there are, by name."""
    known = _tokens(folder).all()
    if as_json:
        print_json([_facts(each) for each in known])
        return
    for each in known:
        out.print(
            f"{one_line(each.name)}  may {_may(each.role, each.project)}, since {each.created_at}",
            soft_wrap=True,
        )
    if not known:
        err.print("no tokens; make one: `otel-steps token add NAME`")


@token.command()
def remove(name: NameArgument, as_json: JsonOption = False, folder: DirOption = None) -> None:
    """Take a token away, and with it whoever is signed in by it."""
    gone = _tokens(folder).remove(name)
    if gone is None:
        raise CommandError(f"there is no token {name!r}; see `otel-steps token list`")
    if as_json:
        print_json(_facts(gone))
    else:
        out.print(f"removed the token {one_line(name)}; whoever used it is signed out")


def _tokens(folder: Path | None) -> Tokens:
    return Tokens(settings_of(None, folder).dir / FILE)


def _may(role: Role, project: str | None) -> str:
    whose = "all tasks" if project is None else f"the tasks of {one_line(project)}"
    return f"{role} {whose}"


def _facts(token: NamedToken) -> dict[str, str | None]:
    return {
        "name": token.name,
        "role": token.role,
        "project": token.project,
        "created_at": token.created_at,
    }

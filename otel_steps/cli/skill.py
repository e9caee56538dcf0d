"""`otel-steps skill`: how a coding assistant asks a recording, for its own folder of skills."""

from importlib.resources import files

import typer


def skill() -> None:
    """Print the SKILL.md that teaches a coding assistant these commands."""
    text = files("otel_steps.asking").joinpath("SKILL.md").read_text(encoding="utf-8")
    typer.echo(text, nl=False)

"""A person's words on a task, made storable. Pure."""

from collections.abc import Sequence

from otel_steps.sanitize import clean


def annotation_of(tags: Sequence[str], notes: str) -> tuple[list[str] | None, str | None]:
    """Return tags, each once, and notes as a row has them: None where there are none."""
    cleaned_tags: list[str] = clean(list(dict.fromkeys(tags)))[0]
    cleaned_notes: str = clean(notes)[0]
    return cleaned_tags or None, cleaned_notes or None

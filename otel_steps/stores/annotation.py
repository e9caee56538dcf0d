"""What a person says of a task or of a step: tags, a note and scores, made storable. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otel_steps.sanitize import clean

# A score tells by its sign what is good; many count in 0 to 1.
LEAST_SCORE: Final = -1.0
MOST_SCORE: Final = 1.0
SCORE_FIELDS: Final = ("name", "value", "label", "explanation")


class AnnotationChanged(Exception):
    """
    Somebody else has said something since the reader looked: nothing was written.

    Attributes:
        row: As it is now, of `tasks` or of `task_steps`.
    """

    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__("somebody else has changed this since you looked; read it and save again")
        self.row = row


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """
    What is said of a task or a step; of what is None nothing is said, and it stays as it is.

    Attributes:
        tags: Each counts once.
        notes: Text; an empty one is none.
        scores: One for each name: {"name", "value", "label", "explanation"}, as the events
            `gen_ai.evaluation.result` have them; the value is from -1 to 1. All but the name may
            be missing or None.
    """

    tags: Sequence[str] | None = None
    notes: str | None = None
    scores: Sequence[Mapping[str, Any]] | None = None

    def columns(self) -> dict[str, Any]:
        """Return what rows have of it, by column: None where a person has emptied it."""
        said: dict[str, Any] = {}
        if self.tags is not None:
            said["tags"] = tags_of(self.tags)
        if self.notes is not None:
            said["notes"] = clean(self.notes)[0] or None
        if self.scores is not None:
            said["scores"] = _scores(self.scores)
        return said


# What a person has seen who has seen no words.
NOTHING_SAID: Final = Annotation(tags=(), notes="", scores=())


def annotation_in(row: Mapping[str, Any]) -> Annotation | None:
    """Return what people have said in a row of `tasks` or `task_steps`; None for nothing."""
    tags, notes, scores = (row.get(name) for name in ("tags", "notes", "scores"))
    if not (tags or notes or scores):
        return None
    return Annotation(tags=tags or (), notes=notes or "", scores=scores or ())


def tags_of(tags: Sequence[str]) -> list[str] | None:
    """Return *tags* as a row has them: each once, None where there are none."""
    cleaned: list[str] = clean(list(dict.fromkeys(tags)))[0]
    return cleaned or None


def _scores(scores: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """Return *scores* as a row has them: of two with one name the later one."""
    by_name: dict[str, dict[str, Any]] = {}
    for score in scores:
        known = {name: score.get(name) for name in SCORE_FIELDS if score.get(name) is not None}
        cleaned: dict[str, Any] = clean(known)[0]
        by_name[cleaned["name"]] = cleaned
    return list(by_name.values()) or None

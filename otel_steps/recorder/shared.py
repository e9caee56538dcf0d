"""
The recorders of this process: one for each journal folder, whoever asks for it.

`configure()`, a processor and an exporter may all be wired, by hand and by the environment;
together they must record each span once. So whoever comes later gets the recorder that is there,
and an error where it asked for anything else: what is recorded under settings that somebody did not
ask for may be recorded without the redaction that they did ask for.
"""

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Unpack

from otel_steps.admit import Redact
from otel_steps.config import Arguments, ConfigError, doubts, given, resolve
from otel_steps.health.problems import REMEDIES
from otel_steps.process.forks import no_fork
from otel_steps.recorder.recorder import Recorder
from otel_steps.stores import preflight

_log = logging.getLogger(__name__)

# By the real path of their journal. Written under the lock.
_recorders: dict[str, Recorder] = {}
# Reentrant: a signal handler may ask for the recorder whose making it interrupts.
_lock = threading.RLock()


class SettingsInUse(ConfigError):
    """
    The recorder that is there has other settings.

    Attributes:
        message: What differs.
        recorder: The one that is there; it has stayed as it is.
    """

    def __init__(self, message: str, recorder: Recorder) -> None:
        super().__init__(f"{message}; {REMEDIES['settings']}")
        self.message = message
        self.recorder = recorder


def shared_recorder(*, redact: Redact | None = None, **arguments: Unpack[Arguments]) -> Recorder:
    """
    Return the one recorder of this process for the journal folder that *arguments* lead to.

    Raises:
        ConfigError: A setting cannot be used.
        SettingsInUse: The recorder of that folder has other settings than those given here, or
            another *redact*.
    """
    settings = resolve(**arguments)
    journal = os.path.realpath(settings.backup_dir)
    with no_fork(), _lock:
        _forget_ended()
        recorder = _recorders.get(journal)
        if recorder is None:
            _check_redact(redact)
            preflight.check(settings)
            made = Recorder(settings, redact=redact)
            recorder = _recorders.setdefault(journal, made)
            if recorder is made:
                for doubt in doubts(settings):
                    _log.warning("otel-steps: %s; %s", doubt.message, doubt.remedy)
                return made
        check_same(recorder, redact=redact, arguments=arguments)
        return recorder


def recorder_in_use() -> Recorder | None:
    """Return the first recorder of this process, or None before there is one."""
    with no_fork(), _lock:
        _forget_ended()
        return next(iter(_recorders.values()), None)


def check_same(recorder: Recorder, *, redact: Redact | None, arguments: Mapping[str, Any]) -> None:
    """
    Check that *recorder* does what somebody asks for who has not made it.

    What is not given is not asked for.

    Raises:
        ConfigError: A setting cannot be used.
        SettingsInUse: Something else is in use.
    """
    if differences := list(_differences(recorder, redact, arguments)):
        raise SettingsInUse(
            f"this process records in {recorder.settings.dir} already, and with other settings: "
            f"{', '.join(differences)}",
            recorder,
        )


def _differences(
    recorder: Recorder, redact: Redact | None, arguments: Mapping[str, Any]
) -> Iterator[str]:
    asked = resolve(**arguments)
    for name in given(arguments):
        here, there = getattr(asked, name), getattr(recorder.settings, name)
        if _plain(here) != _plain(there):
            shown = _shown(here), _shown(there)
            # Of two keys both show the same.
            yield name if shown[0] == shown[1] else f"{name} is {shown[1]}, not {shown[0]}"
    if redact is not None and redact != recorder.admit.redact:
        yield "redact is another" if recorder.admit.redact else "there is no redact"


def _plain(value: object) -> object:
    return os.path.realpath(value) if isinstance(value, Path) else value


def _shown(value: object) -> str:
    return ",".join(sorted(value)) or "none" if isinstance(value, frozenset) else str(value)


def _check_redact(redact: object) -> None:
    if redact is not None and not callable(redact):
        kind = type(redact).__name__
        raise ConfigError(f"redact is a {kind}; expected a callable, redact(span_name, attributes)")


def _forget_ended() -> None:
    for journal in [each for each, recorder in _recorders.items() if recorder.has_ended]:
        del _recorders[journal]

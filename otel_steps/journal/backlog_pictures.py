"""The pictures of what waits: read, set aside where their store refuses them, and removed."""

import errno
import hashlib
from collections.abc import Iterable, Mapping

from otel_steps.health.problems import Problems
from otel_steps.journal.backlog import Backlog
from otel_steps.journal.owner import MAX_PICTURE_BYTES, Owner
from otel_steps.otlp.span import Span
from otel_steps.process.private_files import NotRegular, read_regular


class BacklogPictures:
    """
    The pictures of a process's spans: files in its folder, or bytes that no file holds.

    Args:
        owner: The folder, if there is one.
        in_memory: Pictures by their sha256.
    """

    def __init__(
        self,
        owner: Owner | None,
        backlog: Backlog,
        problems: Problems,
        in_memory: Mapping[str, bytes] | None = None,
    ) -> None:
        self._owner = owner
        self._backlog = backlog
        self._problems = problems
        self._in_memory = in_memory or {}

    def read(self, sha256: str) -> bytes | None:
        """
        Return a picture as it was captured, or None: it is not here, or not whole.

        Raises:
            OSError: It is here and cannot be read now.
        """
        if sha256 in self._in_memory:
            return self._in_memory[sha256]
        path = self._owner.picture(sha256) if self._owner else None
        if path is None:
            return None
        try:
            data = read_regular(path, MAX_PICTURE_BYTES)
        except FileNotFoundError:
            return None
        except OSError as error:
            if not isinstance(error, NotRegular) and error.errno != errno.EFBIG:
                raise
            self._problems.report("screenshot", f"{path} is not a picture: {error}")
            return None
        # A power cut leaves files with the right name and size, and nothing in them.
        if hashlib.sha256(data).hexdigest() != sha256:
            self._problems.report("screenshot", f"picture {path} is damaged")
            return None
        return data

    def set_aside(
        self, sha256: str, spans: Iterable[Span], *, reason: str, code: str | None
    ) -> bool:
        """
        Move a picture that its store refuses to the dead letters, with the *spans* that name it.

        Returns:
            True where it was not there before.

        Raises:
            OSError: It is where it was.
        """
        path = self._owner.picture(sha256) if self._owner else None
        picture = path or self._in_memory.get(sha256)
        return self._backlog.dead_letters.add_picture(
            sha256, picture, spans, reason=reason, code=code
        )

    def remove(self, sha256: str) -> None:
        """Remove the file of a picture: from now on its store has it."""
        path = self._owner.picture(sha256) if self._owner else None
        if path is not None:
            self._backlog.remove([path])

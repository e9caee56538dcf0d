"""
A task's id in the path of an address.
"""

from typing import Final

from starlette.convertors import Convertor, register_url_convertor


class _AnyText(Convertor[str]):
    """An id may be any text; Starlette's own `path` ends at the end of a line."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("text", _AnyText())

# Of a route's path; the route's function has it as `task_id`.
TASK: Final = "{task_id:text}"

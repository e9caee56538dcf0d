"""Elements of a page: whatever text gets into one is text in it, never markup."""

from typing import Any
from xml.etree.ElementTree import Element, tostring

Child = Element | str | None


def el(tag: str, *children: Child, **attributes: Any) -> Element:
    """
    Return an element of HTML or SVG.

    Args:
        children: In order; None is none.
        attributes: `class_` is `class`, `data_x` is `data-x`; None is none, "" has no value.
    """
    element = Element(tag)
    for name, value in attributes.items():
        if value is not None:
            element.set(name.rstrip("_").replace("_", "-"), str(value))
    last: Element | None = None
    for child in children:
        if isinstance(child, str):
            if last is None:
                element.text = (element.text or "") + child
            else:
                last.tail = (last.tail or "") + child
        elif child is not None:
            element.append(child)
            last = child
    return element


def markup(element: Element) -> str:
    """Return an element as HTML."""
    return tostring(element, encoding="unicode", method="html")

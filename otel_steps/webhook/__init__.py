"""
What tells a chat or a program that a task has ended: a request to an address that somebody has set.

Only the viewer and the collector send; the process of an agent never does. `message.py` says what
is told of a task, `shapes.py` how JSON, Slack and Feishu want it and what signs it, `delivery.py`
sends it once, and `watcher.py` does so for each task that ends.
"""

from otel_steps.webhook.delivery import Refused, Unavailable, send
from otel_steps.webhook.hook import Hook, hook_of
from otel_steps.webhook.message import Event, event_of
from otel_steps.webhook.watcher import Watcher, watcher_of

__all__ = [
    "Event",
    "Hook",
    "Refused",
    "Unavailable",
    "Watcher",
    "event_of",
    "hook_of",
    "send",
    "watcher_of",
]

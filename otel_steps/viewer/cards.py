"""
The cards of the task list: each a row of `tasks`, what its digest says, and what that costs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from otel_steps.digest.digests import Digests
from otel_steps.pricing.price_table import PriceTable
from otel_steps.pricing.usage import priced
from otel_steps.stores.json_object import Json


class Cards:
    """Makes cards; any thread may ask."""

    def __init__(self, digests: Digests, prices: PriceTable) -> None:
        self._digests = digests
        self._prices = prices

    def of(self, tasks: Sequence[Json], hits: Mapping[str, int]) -> list[Json]:
        """Return *tasks*, rows of `tasks`, each with its card; *hits* are steps with a text."""
        cards = self._digests.cards(tasks)
        alike = _alike(cards.values())
        return [self._shown(task, cards[task["task_id"]], alike, hits) for task in tasks]

    def _shown(
        self, task: Json, card: Json, alike: Mapping[str | None, int], hits: Mapping[str, int]
    ) -> Json:
        facts = {name: value for name, value in card.items() if name != "used"}
        return {
            **task,
            **facts,
            "alike": alike[_cause(card)],
            "usage": priced(card["used"], self._prices),
            "hit": hits.get(task["task_id"]),
        }


def _cause(card: Json) -> str | None:
    """Return the fingerprint of the cause that a card tells, None where it tells none."""
    why = card["why"]
    return None if why is None or why["kind"] == "not_clear" else str(why["fingerprint"])


def _alike(cards: Iterable[Json]) -> Counter[str | None]:
    """Return how many of *cards* have each cause; 0 for none."""
    return Counter(cause for card in cards if (cause := _cause(card)) is not None)

"""What many figures say together."""

from __future__ import annotations

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` of all do not exceed (nearest rank); of a median between two, their mean."""
    if not values:
        return None
    ordered = sorted(values)
    if share == 0.5 and len(ordered) % 2 == 0:
        middle = len(ordered) // 2
        return (ordered[middle - 1] + ordered[middle]) / 2
    rank = -(-len(ordered) * round(share * 100) // 100)  # rounded up, in whole numbers
    return ordered[max(0, min(len(ordered), rank) - 1)]

"""How much is measured: sizes and rounds, the same for all benchmarks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`crowds`: numbers of connected people. `small` and `large`: sizes that are compared with each other."""

    rounds: int = 5
    crowds: tuple[int, ...] = (500, 2_000, 5_000)
    storm: int = 5_000
    stopped_crowd: int = 1_000
    tickets: tuple[int, int] = (1_000, 100_000)
    past: tuple[int, int] = (10, 10_000)
    people: tuple[int, int] = (1_000, 100_000)
    soak_crowd: int = 2_000
    soak_minutes: float = 30.0
    links: tuple[int, int] = (5, 5_000)

    @staticmethod
    def quick() -> Options:
        """Only to see that everything works: the figures mean nothing."""
        return Options(1, (100,), 200, 100, (100, 300), (5, 50), (250, 500), 100, 0.1, links=(5, 50))

    @staticmethod
    def large() -> Options:
        """The sizes of the promises themselves. Takes long, and much memory and disk."""
        return Options(5, (500, 2_000, 5_000, 10_000), 5_000, 1_000, (1_000, 1_000_000), (100, 100_000),
                       (1_000, 1_000_000))  # fmt: skip

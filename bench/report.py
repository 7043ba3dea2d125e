"""One figure, and the file they are written to."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FIGURES = Path("var/bench.json")


@dataclass(frozen=True)
class Figure:
    """A measured value: its unit, what it was measured beside, and how many measurements stand behind it."""

    name: str
    value: float
    unit: str
    against: str
    n: int

    def __str__(self) -> str:
        return f"{self.name:32} {self.value:>12,.2f} {self.unit:16} n={self.n:<6} {self.against}"


def write(figures: list[Figure]) -> None:
    """Merge these figures into var/bench.json, by name."""
    known = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for figure in figures:
        entry = asdict(figure)
        known[entry.pop("name")] = entry
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")

"""Small charts drawn on the server: shapes for inline SVG. Words and numbers stand beside them in HTML, where they can be read and grow."""

from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 600, 140
GAP = 0.25
Points = list[tuple[date, int]]


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    below: bool


@dataclass(frozen=True)
class Chart:
    """`line` and `area` are SVG paths, empty for bars. Amounts are those of the points; `rows` is what the table behind it shows."""

    rows: Points
    line: str = ""
    area: str = ""
    bars: tuple[Bar, ...] = ()
    zero: float = HEIGHT

    @property
    def first(self) -> date:
        return self.rows[0][0]

    @property
    def last(self) -> date:
        return self.rows[-1][0]

    @property
    def highest(self) -> int:
        return max(amount for _, amount in self.rows)


def line(points: Points, *, shown: int = 60) -> Chart:
    """Draw a line from zero up, with at most `shown` points; the last one is always among them."""
    step = -(-len(points) // shown)
    kept = points[::-1][::step][::-1]
    top = max([amount for _, amount in kept] + [1])
    spots = [
        (WIDTH * place / max(len(kept) - 1, 1), HEIGHT - (HEIGHT - 4) * max(amount, 0) / top)
        for place, (_, amount) in enumerate(kept)
    ]
    drawn = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    return Chart(rows=kept, line=drawn, area=f"{drawn} L{WIDTH} {HEIGHT} L0 {HEIGHT} Z")


def bars(points: Points) -> Chart:
    """Draw a bar for each point; what is below zero hangs from the line."""
    amounts = [amount for _, amount in points]
    top, bottom = max([*amounts, 1]), min([*amounts, 0])
    scale, each = (HEIGHT - 4) / (top - bottom), WIDTH / len(points)
    zero = 4 + top * scale
    drawn = tuple(
        Bar(
            x=round(each * (place + GAP / 2), 1),
            y=round(zero - max(amount, 0) * scale, 1),
            width=round(each * (1 - GAP), 1),
            height=round(max(abs(amount) * scale, 1), 1),
            below=amount < 0,
        )
        for place, amount in enumerate(amounts)
    )
    return Chart(rows=points, bars=drawn, zero=round(zero, 1))

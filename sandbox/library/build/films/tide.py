"""Three films on the tide: why it comes twice, why it grows and shrinks, and how fast it runs."""

import math
from itertools import pairwise

from sandbox.library.build.films.canvas import Canvas, Point, between, ease, mix

GROUND, LIGHT, DEEP, WATER, ORANGE, LAND = "#0f4f61", "#fbf0d3", "#0a3a48", "#4f9fb0", "#f28b50", "#e6d6ae"


def _oval(x: float, y: float, long: float, short: float, turn: float) -> list[Point]:
    points = []
    for degree in range(0, 360, 4):
        a, b = long * math.cos(math.radians(degree)), short * math.sin(math.radians(degree))
        points.append((x + a * math.cos(turn) - b * math.sin(turn), y + a * math.sin(turn) + b * math.cos(turn)))
    return points


def _trace(
    canvas: Canvas, heights: list[float], *, left: float, top: float, width: float, tall: float, total: int
) -> None:
    """Draw a record of heights from -1 to 1, as far as it has come."""
    canvas.line([(left, top + tall / 2), (left + width, top + tall / 2)], LIGHT, alpha=0.3, width=1, dash=4)
    points = [(left + width * index / total, top + tall / 2 * (1 - height)) for index, height in enumerate(heights)]
    if len(points) > 1:
        canvas.line(points, ORANGE, width=3)
    if points:
        canvas.circle(*points[-1], 6, ORANGE)


BULGES = (
    (0.5, 3.2, "Two bulges and a turning world."),
    (3.6, 7.4, "The moon draws the sea towards it, and one bulge rises beneath the moon."),
    (7.6, 11.6, "On the far side the pull is weakest. There the sea is left behind, and a second bulge stands."),
    (12.2, 15.6, "Now let the earth turn, and watch the harbour."),
    (15.8, 19.6, "It passes through one bulge: high water. Then the hollow: low."),
    (19.8, 23.8, "Then the other bulge, high water again, about twelve hours and twenty-five minutes later."),
    (24.2, 27.6, "Two high waters and two low, in a day and fifty minutes."),
    (27.8, 31.4, "The fifty minutes are the moon’s: she has moved on, and the harbour must catch her up."),
)


def bulges(canvas: Canvas, t: float) -> None:
    seen, swell = ease(t, 3.0, 4.2), ease(t, 3.8, 6.4)
    far = ease(t, 7.6, 9.8)
    x, y, turned = 330.0, 236.0, max(0.0, t - 12.4) / 17.0 * math.tau
    moon = (842.0, 236.0)
    canvas.line([(x, y), moon], LIGHT, alpha=0.22 * seen, width=1.5, dash=5)
    ring = []
    for degree in range(0, 360, 3):
        c = math.cos(math.radians(degree))
        radius = 128 + (62 * swell * c**2 if c > 0 else 62 * far * c**2) - 16 * max(swell * 0.6, far) * (1 - c**2)
        ring.append((x + radius * c, y + radius * math.sin(math.radians(degree))))
    canvas.shape(ring, WATER, alpha=seen)
    canvas.circle(x, y, 96, LAND, alpha=seen)
    canvas.circle(x, y, 96, DEEP, alpha=0.18 * seen, width=2)
    for spoke in range(6):
        angle = -turned + spoke * math.tau / 6
        canvas.line(
            [
                (x + 20 * math.cos(angle), y + 20 * math.sin(angle)),
                (x + 84 * math.cos(angle), y + 84 * math.sin(angle)),
            ],
            DEEP,
            alpha=0.12 * seen,
            width=2,
        )
    angle = -turned
    harbour = (x + 97 * math.cos(angle), y + 97 * math.sin(angle))
    shown = ease(t, 11.8, 12.6)
    canvas.circle(*harbour, 9, ORANGE, alpha=shown)
    canvas.text("the harbour", (x, y + 8), DEEP, size=22, italic=True, align=0.5, alpha=between(t, 12.0, 16.0))
    canvas.circle(*moon, 38, LIGHT, alpha=seen)
    canvas.circle(moon[0] - 10, moon[1] - 8, 7, LAND, alpha=seen)
    canvas.circle(moon[0] + 12, moon[1] + 12, 10, LAND, alpha=seen)
    canvas.text("the moon", (moon[0], moon[1] + 70), LIGHT, size=22, italic=True, align=0.5, alpha=seen * 0.9)
    if t > 12.4:
        steps = int(min(turned, math.tau) / math.tau * 200)
        heights = [math.cos(2 * step / 200 * math.tau) for step in range(steps + 1)]
        _trace(canvas, heights, left=560, top=392, width=340, tall=90, total=200)
        canvas.text("height of the water in the harbour", (560, 512), LIGHT, size=20, italic=True, alpha=shown * 0.9)


SPRINGS = (
    (0.5, 3.2, "Springs and neaps."),
    (3.6, 7.2, "The sun draws the sea as well, a little less than half as strongly as the moon."),
    (7.6, 11.2, "When sun and moon stand in one line, they pull together."),
    (11.4, 14.2, "High waters are very high, and low waters very low: springs."),
    (14.6, 18.2, "A week later the moon stands to one side, and each spoils the other’s work."),
    (18.4, 21.2, "The sea hardly stirs: neaps."),
    (21.6, 25.4, "Full moon, in line again: springs. Last quarter: neaps."),
    (25.8, 29.4, "From springs to neaps is a week; and each comes a day or two after its moon."),
)


def _lunar(t: float) -> float:
    """The moon's angle from the sun, resting for a while at new moon and first quarter."""
    stops = (
        (7.0, 0.0),
        (14.0, 0.0),
        (16.4, 0.25),
        (21.0, 0.25),
        (23.2, 0.5),
        (24.4, 0.5),
        (26.2, 0.75),
        (27.0, 0.75),
        (29.0, 1.0),
    )
    turn = 0.0
    for (a, low), (b, high) in pairwise(stops):
        if high > low:
            turn += (high - low) * ease(t, a, b)
    return turn * math.tau


def springs(canvas: Canvas, t: float) -> None:
    seen = ease(t, 3.0, 4.2)
    x, y, phase = 400.0, 236.0, _lunar(t)
    canvas.circle(-70, y, 150, ORANGE, alpha=seen)
    canvas.text("the sun", (92, y + 7), LIGHT, size=22, italic=True, alpha=seen * 0.9)
    canvas.circle(x, y, 160, LIGHT, alpha=0.16 * seen, width=1.5)
    ring = []
    for degree in range(0, 360, 3):
        angle = math.radians(degree)
        radius = 92 + seen * (20 * math.cos(2 * (angle - math.pi + phase)) + 9.5 * math.cos(2 * angle))
        ring.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    canvas.shape(ring, WATER, alpha=seen)
    canvas.circle(x, y, 54, LAND, alpha=seen)
    moon = (x + 160 * math.cos(math.pi - phase), y + 160 * math.sin(math.pi - phase))
    canvas.circle(*moon, 21, LIGHT, alpha=seen)
    # The half that faces away from the sun is dark.
    canvas.context.new_path()
    canvas.context.arc(moon[0], moon[1], 21, -math.pi / 2, math.pi / 2)
    canvas.colour(DEEP, 0.75 * seen)
    canvas.context.fill()
    for start, end, label in (
        (8, 14.4, "new moon: springs"),
        (16.4, 21.4, "first quarter: neaps"),
        (23.0, 24.9, "full moon: springs"),
        (25.9, 27.6, "last quarter: neaps"),
    ):
        canvas.text(label, (640, y + 8), LIGHT, size=32, italic=True, alpha=between(t, start, end, fade=0.5))
    if t < 6.4:
        return
    steps = int(phase / math.tau * 560)
    heights = [
        (0.62 + 0.34 * math.cos(2 * step / 560 * math.tau)) * math.cos(step / 560 * math.tau * 28)
        for step in range(steps + 1)
    ]
    _trace(canvas, heights, left=80, top=424, width=800, tall=92, total=560)


TWELFTHS = (
    (0.5, 3.2, "The rule of twelfths."),
    (3.6, 7.0, "A tide takes about six hours to rise. It does not rise evenly."),
    (7.2, 10.0, "In the first hour, one twelfth of the range."),
    (10.2, 13.0, "In the second, two twelfths."),
    (13.2, 16.0, "In the third, three."),
    (16.2, 19.0, "In the fourth, three again. Now it is running hardest."),
    (19.2, 22.0, "In the fifth, two."),
    (22.2, 25.0, "In the sixth, one; and it stands."),
    (25.6, 29.4, "One, two, three, three, two, one. By half time the water is half way."),
    (29.6, 33.4, "It is a rule for open coasts. Where the tide is odd, the almanac knows better."),
)
SHARES = (1, 2, 3, 3, 2, 1)


def twelfths(canvas: Canvas, t: float) -> None:
    seen = ease(t, 3.0, 4.2)
    low, unit = 440.0, 26.0
    risen = sum(share * ease(t, 7.0 + 3 * hour, 9.7 + 3 * hour) for hour, share in enumerate(SHARES))
    level = low - unit * risen
    canvas.shape([(520, 70), (960, 70), (960, 540), (520, 540)], DEEP, alpha=0.35 * seen)
    wave = [(x, level + 3 * math.sin(x / 34 + t * 1.4)) for x in range(520, 961, 8)]
    canvas.shape([*wave, (960, 540), (520, 540)], WATER, alpha=seen)
    canvas.shape([(520, 70), (566, 70), (566, 540), (520, 540)], LAND, alpha=seen)
    for mark in range(13):
        y = low - unit * mark
        canvas.line([(566, y), (580 if mark % 3 else 592, y)], DEEP, width=2.5, alpha=seen)
    _boat(canvas, 760, level + 3 * math.sin(760 / 34 + t * 1.4), math.sin(t * 0.9) * 0.025, seen)
    top = 0.0
    for hour, share in enumerate(SHARES):
        grown = ease(t, 7.0 + 3 * hour, 9.7 + 3 * hour)
        left = 84 + hour * 66
        canvas.shape(
            [(left, 440 - 80 * share * grown), (left + 48, 440 - 80 * share * grown), (left + 48, 440), (left, 440)],
            ORANGE if t < 10 + 3 * hour and grown > 0 else LIGHT,
            alpha=0.92 * seen,
        )
        canvas.text(str(share), (left + 24, 430 - 80 * share * grown), LIGHT, size=34, align=0.5, alpha=grown)
        canvas.text(f"{hour + 1}", (left + 24, 472), LIGHT, size=22, align=0.5, alpha=seen * 0.85)
        top += share
    canvas.line([(74, 441), (476, 441)], LIGHT, width=1.5, alpha=seen)
    canvas.text("hours after low water", (84, 504), LIGHT, size=21, italic=True, alpha=seen * 0.9)


def _boat(canvas: Canvas, x: float, y: float, heel: float, alpha: float) -> None:
    def turned(points: list[Point]) -> list[Point]:
        return [
            (x + a * math.cos(heel) - b * math.sin(heel), y + a * math.sin(heel) + b * math.cos(heel))
            for a, b in points
        ]

    curve = [(mix(-78, 74, i / 12), 16 * math.sin(math.pi * i / 12) + 4) for i in range(13)]
    canvas.shape(turned([(-86, -16), (84, -20), *reversed(curve)]), LIGHT, alpha=alpha)
    canvas.line(turned([(0, -18), (0, -128)]), LIGHT, width=4, alpha=alpha)
    canvas.shape(turned([(8, -124), (8, -32), (62, -32)]), ORANGE, alpha=alpha)
    canvas.shape(turned([(-8, -112), (-8, -32), (-48, -32)]), LAND, alpha=alpha)

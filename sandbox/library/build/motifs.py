"""The drawn motif of each cover, as SVG in a box of 1000 by 1000 that may run over its edges."""

import math
import random
from collections.abc import Callable, Iterable
from itertools import pairwise

Point = tuple[float, float]


def _path(points: Iterable[Point], **attributes: object) -> str:
    drawn = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return _tag("path", d=f"M{drawn}", **attributes)


def _tag(name: str, **attributes: object) -> str:
    return f"<{name} " + " ".join(f'{key.replace("_", "-")}="{value}"' for key, value in attributes.items()) + "/>"


def _circle(x: float, y: float, r: float, **attributes: object) -> str:
    return _tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{r:.1f}", **attributes)


def _line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> str:
    return _tag("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", **attributes)


def starter(ink: str, light: str, accent: str) -> str:
    """A jar with a risen culture, its mark of yesterday, and a cloth on top."""
    dice = random.Random(7)
    bubbles = []
    while len(bubbles) < 74:
        x, y, r = dice.uniform(262, 738), dice.uniform(395, 905), dice.choice((5, 7, 8, 10, 13, 17, 24, 31))
        apart = all(math.dist((x, y), (a, b)) > r + c + 7 for a, b, c in bubbles)
        if apart and 250 + r < x < 750 - r and y + r < 918 and y - r > 372:
            bubbles.append((x, y, r))
    dough = "M232 372 Q300 330 380 352 T520 340 T650 352 T768 372 L768 880 Q768 938 710 938 L290 938 Q232 938 232 880Z"
    jar = "M250 190 L750 190 L750 230 Q790 250 790 300 L790 890 Q790 960 720 960 L280 960 Q210 960 210 890 L210 300 Q210 250 250 230Z"
    return "".join(
        [
            _tag("path", d=dough, fill=light),
            *(_circle(x, y, r, fill=accent) for x, y, r in bubbles),
            _tag("path", d=jar, fill="none", stroke=ink, stroke_width=12, stroke_linejoin="round"),
            _line(204, 640, 796, 640, stroke=ink, stroke_width=22),
            _tag(
                "path",
                d="M222 214 Q230 96 300 92 L700 92 Q770 96 778 214 "
                "L742 176 L690 214 L620 178 L560 214 L500 180 L440 214 L380 178 L310 214 L258 176Z",
                fill=ink,
            ),
            _line(70, 962, 930, 962, stroke=ink, stroke_width=6),
        ]
    )


def slack_water(ink: str, light: str, accent: str) -> str:
    """The curve of a day's tide over layered water, and the moon that draws it."""

    def height(x: float, size: float, shift: float) -> float:
        return size * math.sin(x / 1000 * math.tau * 1.25 + shift)

    bands = []
    for index in range(7):
        base = 430 + index * 95
        points = [(x, base + height(x, 78 - 9 * index, 0.5 + index * 0.5)) for x in range(-140, 1161, 20)]
        bands.append(_path([*points, (1160, 1300), (-140, 1300)], fill=ink, fill_opacity=0.16 + 0.03 * index))
    curve = [(x, 430 + height(x, 78, 0.5)) for x in range(-140, 1161, 10)]
    hours = [_circle(x, 430 + height(x, 78, 0.5), 9, fill=accent) for x in range(-60, 1161, 80)]
    moon = _circle(770, 130, 132, fill=light) + _circle(722, 104, 122, fill="var(--ground)")
    return moon + "".join(bands) + _path(curve, fill="none", stroke=light, stroke_width=7) + "".join(hours)


def margins(ink: str, light: str, accent: str) -> str:
    """An open book with the old diagonals that find its margins."""
    left, right, top, foot, fold = -20, 1020, 60, 800, 500
    page = _tag("path", d=f"M{left} {top}H{right}V{foot}H{left}Z", fill=light)
    thin = {"stroke": accent, "stroke_width": 3}
    lines = [
        _line(left, foot, right, top, **thin),
        _line(right, foot, left, top, **thin),
        _line(fold, top, fold, foot, **thin),
    ]
    lines += [_line(left, foot, fold, top, **thin), _line(right, foot, fold, top, **thin)]
    blocks = []
    for inner, outer in ((fold - 58, left + 116), (fold + 58, right - 116)):
        x, width = min(inner, outer), abs(inner - outer)
        for row in range(18):
            short = 0.55 if row in (7, 17) else 1
            indent = 26 if row == 8 else 0
            blocks.append(
                _tag("rect", x=x + indent, y=142 + row * 27.4, width=round(width * short) - indent, height=8, fill=ink)
            )
        frame = {"fill": "none", "stroke": accent, "stroke_width": 5}
        blocks.append(_tag("rect", x=x - 14, y=124, width=width + 28, height=512, **frame))
    return page + "".join(blocks) + "".join(lines)


def folded(ink: str, light: str, accent: str) -> str:
    """Gatherings seen from the head, sewn through the fold."""
    sheets = []
    for gathering in range(5):
        x = 60 + gathering * 190
        for leaf in range(5):
            inset = leaf * 15
            path = f"M{x + inset} 120 V{760 - inset} Q{x + 76} {880 - inset * 1.9} {x + 152 - inset} {760 - inset} V120"
            sheets.append(_tag("path", d=path, fill="none", stroke=light, stroke_width=6, stroke_linecap="round"))
    holes = [(60 + gathering * 190 + 76, 824) for gathering in range(5)]
    loops = f"M-120 880 Q20 905 {holes[0][0]} {holes[0][1]}"
    for (x1, y1), (x2, y2) in pairwise(holes):
        loops += f" C{x1 + 6} {y1 - 150} {x1 - 46} {y1 - 150} {x1} {y1} Q{(x1 + x2) / 2} {y1 + 96} {x2} {y2}"
    loops += f" C{holes[-1][0] + 6} 674 {holes[-1][0] - 46} 674 {holes[-1][0]} 824 Q960 900 1130 850"
    thread = _tag("path", d=loops, fill="none", stroke=accent, stroke_width=9, stroke_linecap="round")
    return "".join(sheets) + thread + "".join(_circle(x, y, 8, fill=ink) for x, y in holes)


def before_birds(ink: str, light: str, accent: str) -> str:
    """A spectrogram of a spring dawn over a low sun."""
    dice = random.Random(3)
    strokes = []
    for row in range(15):
        y, x = 90 + row * 46, -120 + dice.uniform(0, 60)
        start = 1120 - 78 * (15 - row) if row % 3 else 1120 - 62 * (16 - row)
        x = max(x, 980 - start)
        while x < 1120:
            width, rise = dice.uniform(10, 46), dice.choice((-20, -12, 0, 0, 12, 20, 26))
            bend = dice.uniform(-16, 16)
            path = f"M{x:.0f} {y:.0f} q{width / 2:.0f} {rise / 2 + bend:.0f} {width:.0f} {rise}"
            strokes.append(
                _tag(
                    "path", d=path, fill="none", stroke=ink, stroke_width=dice.choice((5, 6, 8)), stroke_linecap="round"
                )
            )
            x += width + dice.choice((12, 16, 20, 58))
    sun = _circle(500, 1010, 250, fill=accent)
    return (
        sun
        + "".join(strokes)
        + _tag("rect", x=-140, y=900, width=1300, height=400, fill=ink)
        + _line(-140, 900, 1140, 900, stroke=light, stroke_width=5)
    )


def stars(ink: str, light: str, accent: str) -> str:
    """An hour of the northern sky: trails about the pole, over a dark hill."""
    dice = random.Random(11)
    trails = []
    for ring in range(34):
        radius = 34 + ring * 27
        for _ in range(1 + ring // 5):
            start, sweep = dice.uniform(0, math.tau), math.radians(24)
            a = (560 + radius * math.cos(start), 380 + radius * math.sin(start))
            b = (560 + radius * math.cos(start + sweep), 380 + radius * math.sin(start + sweep))
            colour = accent if dice.random() < 0.14 else light
            width = dice.choice((2.5, 3.5, 5))
            if min(a[1], b[1]) < 30:  # the words stand there
                continue
            path = f"M{a[0]:.1f} {a[1]:.1f} A{radius} {radius} 0 0 1 {b[0]:.1f} {b[1]:.1f}"
            trails.append(_tag("path", d=path, fill="none", stroke=colour, stroke_width=width, stroke_linecap="round"))
    hill = _tag("path", d="M-140 960 Q120 800 330 870 T760 800 T1160 900 V1300 H-140Z", fill=ink)
    pine = "".join(
        _tag("path", d=f"M{x} {y} l{w} {h} h{-2 * w}Z", fill=ink)
        for x, y, w, h in ((150, 700, 34, 150), (205, 740, 28, 120), (96, 760, 26, 110))
    )
    return "".join(trails) + _circle(560, 380, 8, fill=accent) + hill + pine


def fog(ink: str, light: str, accent: str) -> str:
    """Headlands going away, and one lamp."""
    layers = []
    for index in range(6):
        base = 300 + index * 120
        points = [
            (x, base - 66 * math.sin(x / (190 + 34 * index) + index * 1.9) - 22 * math.sin(x / 71 + index * 4))
            for x in range(-140, 1161, 12)
        ]
        layers.append(_path([*points, (1160, 1400), (-140, 1400)], fill=ink, fill_opacity=0.10 + 0.055 * index))
    lamp = _circle(742, 318, 120, fill=light, fill_opacity=0.35) + _circle(742, 318, 58, fill=light, fill_opacity=0.6)
    tower = _tag("path", d="M722 330 L762 330 L774 560 L710 560Z", fill=ink, fill_opacity=0.55) + _circle(
        742, 318, 17, fill=accent
    )
    return layers[0] + layers[1] + lamp + tower + "".join(layers[2:])


def quiet_page(ink: str, light: str, accent: str) -> str:
    """A letter standing on its lines."""
    lines = [_line(-60, y, 1200, y, stroke=accent, stroke_width=3) for y in (208, 430, 812, 1000)]
    sides = [_line(x, 120, x, 940, stroke=accent, stroke_width=3, stroke_dasharray="4 12") for x in (128, 560, 1012)]
    letter = f'<text x="110" y="812" font-family="EB Garamond" font-size="930" fill="{ink}">ag</text>'
    return "".join(lines + sides) + letter


def tide_course(ink: str, light: str, accent: str) -> str:
    """Contours and soundings off an invented shore."""

    def ring(scale: float, wobble: float) -> list[Point]:
        angles = [math.radians(a) for a in range(0, 361, 3)]
        return [
            (
                690 + scale * (1.12 + 0.16 * math.sin(3 * t + wobble) + 0.07 * math.sin(7 * t)) * math.cos(t),
                520 + scale * (1 + 0.2 * math.cos(2 * t + wobble)) * math.sin(t),
            )
            for t in angles
        ]

    land = _path(ring(130, 0.4), fill=light, stroke=ink, stroke_width=5)
    shoal = _path(ring(206, 0.55), fill=light, fill_opacity=0.22, stroke=light, stroke_width=4)
    contours = [
        _path(ring(206 + step * 92, 0.55 + step * 0.16), fill="none", stroke=light, stroke_width=3, stroke_opacity=0.75)
        for step in range(1, 4)
    ]
    soundings = (
        (478, 318, 4),
        (900, 350, 3),
        (300, 470, 9),
        (960, 700, 7),
        (560, 800, 6),
        (760, 170, 12),
        (330, 220, 18),
        (1010, 480, 5),
    )
    numbers = "".join(
        f'<text x="{x}" y="{y}" font-family="EB Garamond" font-style="italic" font-size="52" fill="{light}">{n}</text>'
        for x, y, n in soundings
    )
    buoy = (
        _line(380, 705, 412, 640, stroke=accent, stroke_width=9)
        + _circle(380, 716, 26, fill=accent)
        + _circle(414, 634, 13, fill=accent)
    )
    return shoal + land + "".join(contours) + numbers + buoy


def long_dough(ink: str, light: str, accent: str) -> str:
    """A round loaf with the rings of its basket and one cut."""
    rings = []
    for index in range(9):
        radius = 420 - index * 46
        rings.append(
            _circle(600, 520, radius, fill="none", stroke=light, stroke_width=13 - index * 0.6, stroke_opacity=0.9)
        )
    loaf = _circle(600, 520, 462, fill=ink)
    cut = _tag("path", d="M350 262 Q668 360 790 790 Q610 640 350 262Z", fill=accent)
    lip = _tag(
        "path", d="M350 262 Q668 360 790 790", fill="none", stroke=light, stroke_width=16, stroke_linecap="round"
    )
    return loaf + "".join(rings) + cut + lip


def walks(ink: str, light: str, accent: str) -> str:
    """A path, and what is heard from where one stands still."""
    rings = [
        _circle(640, 430, 60 + 78 * n, fill="none", stroke=light, stroke_width=7 - n * 0.8, stroke_opacity=1 - n * 0.13)
        for n in range(7)
    ]
    path = "M-40 1010 C220 900 260 760 420 720 S600 560 640 430"
    trail = _tag(
        "path", d=path, fill="none", stroke=accent, stroke_width=12, stroke_linecap="round", stroke_dasharray="2 34"
    )
    return "".join(rings) + trail + _circle(640, 430, 26, fill=accent) + _circle(640, 430, 9, fill=ink)


MOTIFS: dict[str, Callable[[str, str, str], str]] = {
    "keeping-a-starter": starter,
    "slack-water": slack_water,
    "margins": margins,
    "folded-and-sewn": folded,
    "the-hour-before-birds": before_birds,
    "drawing-the-stars": stars,
    "a-field-guide-to-fog": fog,
    "the-quiet-page": quiet_page,
    "reading-the-tide": tide_course,
    "the-long-dough": long_dough,
    "listening-walks": walks,
}

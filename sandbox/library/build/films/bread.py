"""Two films on dough: four folds, and how a finger reads the clock."""

import math

from sandbox.library.build.films.canvas import Canvas, Point, between, ease, mix

GROUND, INK, DOUGH, SHADE, CRUST, BOWL = "#efd9b4", "#452613", "#fbf1dc", "#e2c793", "#b4662f", "#c98a4b"

FOLDING = (
    (0.5, 3.2, "Folding instead of kneading."),
    (3.6, 6.8, "Wet the hand. Take the far edge, draw it up until it resists, and lay it over."),
    (7.2, 10.2, "Turn the bowl a quarter. Draw up, lay over."),
    (10.6, 13.4, "Again. Stop where the dough stops: stretched, never torn."),
    (13.8, 16.6, "And the fourth. It took half a minute."),
    (17.0, 20.4, "Cover it, and go away for half an hour. Rest does the work that arms used to."),
    (20.8, 24.6, "Fold a second round, and a third. Each time it spreads less and stands higher."),
    (25.0, 29.4, "When it holds its shape like a cushion, the dough is made."),
)


def _blob(x: float, y: float, radius: float, rough: float, turn: float) -> list[Point]:
    points = []
    for degree in range(0, 360, 3):
        a = math.radians(degree)
        r = radius * (
            1 + rough * (0.09 * math.sin(2 * a + turn) + 0.06 * math.sin(3 * a + 1 + turn) + 0.03 * math.sin(5 * a + 2))
        )
        points.append((x + r * math.cos(a), y + r * math.sin(a)))
    return points


def folding(canvas: Canvas, t: float) -> None:
    seen = ease(t, 2.9, 3.9)
    x, y = 480.0, 240.0
    done = sum(ease(t, start + 1.2, start + 2.6) for start in (3.9, 7.2, 10.5, 13.8)) / 4
    later = ease(t, 20.8, 22.2) / 2 + ease(t, 22.8, 24.4) / 2
    canvas.circle(x + 6, y + 12, 224, INK, alpha=0.10 * seen)
    canvas.circle(x, y, 222, BOWL, alpha=seen)
    canvas.circle(x, y, 204, GROUND, alpha=seen)
    canvas.circle(x, y, 204, INK, alpha=0.10 * seen)
    relaxed = ease(t, 17.2, 20.4) * (1 - later)
    radius = 186 - 34 * done + 16 * relaxed - 26 * later
    turn = math.tau / 4 * sum(ease(t, start, start + 0.9) for start in (6.5, 9.8, 13.1)) + 2.4 * later
    canvas.shape(_blob(x + 4, y + 8, radius, 1 - 0.7 * done, turn), INK, alpha=0.14 * seen)
    canvas.shape(_blob(x, y, radius, 1 - 0.7 * done, turn), DOUGH, alpha=seen)
    canvas.circle(
        x - radius * 0.28,
        y - radius * 0.3,
        radius * 0.36 * (0.4 + 0.6 * done),
        "#ffffff",
        alpha=(0.15 + 0.3 * done) * seen,
    )
    for number, start in enumerate((3.9, 7.2, 10.5, 13.8)):
        _seam(canvas, (x, y), radius, turn - number * math.tau / 4, ease(t, start + 1.6, start + 2.6) * seen)
        _fold(canvas, (x, y), radius, t - start)
    for start in (21.0, 22.9):
        for quarter in range(4):
            _fold(canvas, (x, y), radius, (t - start - quarter * 0.4) * 2.6)
    canvas.text("half an hour", (738, 250), CRUST, size=34, italic=True, alpha=between(t, 17.2, 20.4))


def _seam(canvas: Canvas, at: Point, radius: float, turn: float, alpha: float) -> None:
    """The crease that a fold leaves: a shallow arc across the dough."""
    points = []
    for step in range(21):
        a = -math.pi / 2 + turn + mix(-0.9, 0.9, step / 20)
        r = radius * (0.26 + 0.5 * abs(step / 10 - 1) ** 1.6)
        points.append((at[0] + r * math.cos(a), at[1] + r * math.sin(a)))
    canvas.line(points, SHADE, width=4, alpha=alpha)


def _fold(canvas: Canvas, at: Point, radius: float, t: float) -> None:
    """One edge drawn out, away from the middle, and then laid over it. It takes 2.8 seconds."""
    if not 0 < t < 2.8:
        return
    out, over = ease(t, 0.1, 1.2), ease(t, 1.3, 2.5)
    tip = at[1] - radius * mix(0.9, 1.28, out) + radius * 1.42 * over
    base = at[1] - radius * 0.52
    half = radius * mix(0.62, 0.5, out)
    flap = [(at[0] - half, base)]
    for step in range(13):
        a = math.pi * (1 - step / 12)
        flap.append((at[0] + half * 0.62 * math.cos(a), tip + (26 if tip > base else -26) * math.sin(a) * 0.8))
    flap.append((at[0] + half, base))
    shown = min(1.0, t * 3, (2.8 - t) * 3)
    canvas.shape([(x + 3, y + 7) for x, y in flap], INK, alpha=0.12 * shown)
    canvas.shape(flap, DOUGH, alpha=shown)
    canvas.line(flap[1:-1], SHADE, width=4, alpha=shown)
    canvas.circle(at[0], tip, 13, CRUST, alpha=shown)


TELLING = (
    (0.5, 3.2, "How dough tells the time."),
    (3.6, 7.0, "The recipe says two hours. The recipe has not seen your kitchen."),
    (7.4, 10.4, "Flour a finger and press it in, as deep as the nail."),
    (10.8, 14.6, "If the dent springs straight back, it is early. Wait."),
    (15.0, 18.8, "If it comes back slowly, and not quite all the way, it is time. Bake."),
    (19.2, 22.8, "If it stays as it is, it is late. Bake at once, and expect a flatter loaf."),
    (23.2, 26.2, "Warm dough runs fast, cold dough slow."),
    (26.4, 29.4, "The finger reads them both."),
)


def telling(canvas: Canvas, t: float) -> None:
    seen = ease(t, 3.0, 4.0)
    table = 372.0
    canvas.line([(60, table + 2), (900, table + 2)], INK, width=3, alpha=seen)
    for number, (label, start, left, height) in enumerate(
        (("early", 10.4, 0.0, 128.0), ("ready", 14.6, 0.42, 168.0), ("late", 18.8, 1.0, 182.0))
    ):
        x = 190 + number * 290
        pressed = ease(t, start, start + 0.8)
        back = ease(t, start + 1.3, start + (1.7 if number == 0 else 3.6))
        dent = pressed * mix(1, left, back) * 46
        risen = height * mix(0.55, 1, ease(t, 3.4, 7.0))
        _mound(canvas, x, table, risen, dent, seen)
        finger = between(t, start - 0.7, start + 1.7, fade=0.5)
        tip = table - risen + mix(-50, 46, pressed) - 120 * ease(t, start + 0.9, start + 1.8)
        _finger(canvas, x, tip - 4, finger)
        canvas.text(
            label, (x, table + 56), INK, size=34, italic=True, align=0.5, alpha=ease(t, start + 1.6, start + 2.4)
        )


def _mound(canvas: Canvas, x: float, table: float, height: float, dent: float, alpha: float) -> None:
    points = []
    for step in range(81):
        u = step / 40 - 1
        top = height * (1 - abs(u) ** 2.6) ** 0.62 if abs(u) < 1 else 0
        pit = dent * math.exp(-((u / 0.16) ** 2))
        points.append((x + 116 * u, table - max(0, top - pit)))
    canvas.shape(points, DOUGH, alpha=alpha)
    canvas.line(points, CRUST, width=4, alpha=alpha)


def _finger(canvas: Canvas, x: float, tip: float, alpha: float) -> None:
    side = [(x - 17, tip - 460), (x - 17, tip - 17)]
    end = [(x - 17 * math.cos(a), tip - 17 + 17 * math.sin(a)) for a in (math.pi * i / 10 for i in range(11))]
    canvas.shape([*side, *end, (x + 17, tip - 460)], BOWL, alpha=alpha)
    canvas.shape([(x - 9, tip - 32), (x + 9, tip - 32), (x + 7, tip - 8), (x - 7, tip - 8)], GROUND, alpha=alpha * 0.85)

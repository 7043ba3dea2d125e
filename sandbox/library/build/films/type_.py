"""Two films on type: how long a line may be, and how far apart the lines."""

from sandbox.library.build.films.canvas import Canvas, between, ease, mix

GROUND, INK, RED, PALE = "#f3ecdf", "#1d1b18", "#d0492f", "#b9ae9d"
TEXT = (
    "The eye does not glide along a line of type. It leaps, rests, and leaps again, some four times in a row of ordinary length, and at "
    "the end it must find its way back across the whole width of the page to the start of a line that looks like every other. If the way "
    "is long it lands on the wrong one. If it is short it has hardly set out before it is sent home. Somewhere between the two there is a "
    "line that asks for nothing, and a reader who has forgotten that there are lines at all."
)
LEFT, SIZE = 60.0, 23.0

LENGTH = (
    (0.5, 3.2, "The length of a line."),
    (3.8, 7.4, "Here is a line of a hundred letters."),
    (7.6, 11.4, "At its end the eye has a long way home, and lands on the line it has just read."),
    (12.0, 15.2, "Here is one of twenty-five."),
    (15.4, 18.6, "The eye no sooner sets out than it is called back."),
    (19.2, 22.4, "And here are sixty-six, counting the spaces."),
    (22.6, 25.8, "Far enough to get going; near enough to find the way."),
    (26.2, 29.4, "Between forty-five and seventy-five, nobody notices. That is the aim."),
)


def length(canvas: Canvas, t: float) -> None:
    measure = mix(mix(842, 226, ease(t, 11.3, 12.8)), 566, ease(t, 18.4, 20.0))
    seen = ease(t, 3.0, 4.0)
    widths = canvas.paragraph(TEXT, (LEFT, 120), INK, size=SIZE, measure=measure, leading=33, alpha=seen * 0.86)
    edge = [(LEFT, 76.0), (LEFT + measure, 76.0)]
    canvas.line(edge, RED, width=2, alpha=seen)
    for x, y in edge:
        canvas.line([(x, y - 7), (x, y + 7)], RED, width=2, alpha=seen)
    for start, end, label in ((4, 11.2, "about 100"), (12.8, 18.4, "about 25"), (20, 29.2, "about 66")):
        canvas.text(label, (LEFT, 58), RED, size=22, italic=True, alpha=between(t, start, end))
    for start, end, order in (
        (5, 11, (0, 1, 1, 2)),
        (13, 18.2, (0, 1, 2, 3, 4, 5, 6, 7)),
        (20.4, 28.4, (0, 1, 2, 3, 4, 5)),
    ):
        if start <= t <= end:
            _eye(canvas, (t - start) / (end - start) * len(order), order, widths)


def _eye(canvas: Canvas, step: float, order: tuple[int, ...], widths: list[float]) -> None:
    """Show where the eye is: along a line for three quarters of a step, and then home to the next."""
    index = min(int(step), len(order) - 1)
    row, along = order[index], step - index
    end = LEFT + widths[min(row, len(widths) - 1)]
    x, y = mix(LEFT, end, min(1.0, along / 0.76)), 120 + row * 33 + 9
    canvas.line([(LEFT, y), (x, y)], RED, width=3, alpha=0.55)
    if along > 0.76:
        after = order[min(index + 1, len(order) - 1)]
        back = ease(along, 0.76, 1.0)
        x, y = mix(end, LEFT, back), mix(y, 120 + after * 33 + 9, back)
        canvas.line([(end, 120 + row * 33 + 9), (x, y)], RED, width=2, alpha=0.5, dash=4)
    canvas.circle(x, y, 7, RED)


LEADING = (
    (0.5, 3.2, "The space between."),
    (3.8, 7.2, "Lines set solid. Each one leans on the next."),
    (7.4, 10.2, "Tails and towers touch, and the page turns grey."),
    (10.8, 14.0, "Lines set far apart."),
    (14.2, 17.0, "Now each is alone, and the paragraph has come undone."),
    (17.6, 21.2, "Open them until there is more air between lines than between words."),
    (21.4, 24.2, "Here: letters of ten on a step of fourteen."),
    (24.4, 27.4, "Longer lines want more. Short lines get by with less."),
)


def leading(canvas: Canvas, t: float) -> None:
    step = mix(mix(23, 50, ease(t, 10.0, 12.0)), 33, ease(t, 16.8, 18.8))
    narrow = ease(t, 24.2, 25.6)
    step, measure = mix(step, 30, narrow), mix(600, 400, narrow)
    seen = ease(t, 3.0, 4.0)
    top = 250 - 4 * step + 8
    widths = canvas.paragraph(TEXT, (200, top), INK, size=SIZE, measure=measure, leading=step, alpha=seen * 0.9)
    for row in range(len(widths)):
        y = top + row * step + 6
        canvas.line([(200, y), (200 + measure, y)], RED, width=1, alpha=seen * (0.45 if step > 27 else 0.2))
    middle = top + 4 * step + 6
    canvas.line([(164, middle - step), (164, middle)], RED, width=3, alpha=seen)
    for y in (middle - step, middle):
        canvas.line([(156, y), (172, y)], RED, width=3, alpha=seen)
    for start, end, label in (
        (4, 10, "10 on 10"),
        (12, 17, "10 on 22"),
        (18.8, 24.4, "10 on 14"),
        (25.4, 27.6, "10 on 13"),
    ):
        canvas.text(
            label, (144, middle - step / 2 + 8), RED, size=24, italic=True, align=1, alpha=between(t, start, end)
        )

"""A canvas for calm films: 960 by 540, shapes by Cairo, type by Pango."""

import math

import cairo
import gi

gi.require_version("Pango", "1.0")
gi.require_version("PangoCairo", "1.0")
from gi.repository import Pango, PangoCairo  # noqa: E402

WIDTH, HEIGHT = 960, 540
Point = tuple[float, float]


def ease(t: float, start: float, end: float) -> float:
    """Go from 0 at `start` to 1 at `end`, slowly at both ends."""
    x = min(1.0, max(0.0, (t - start) / (end - start)))
    return x * x * (3 - 2 * x)


def between(t: float, start: float, end: float, *, fade: float = 0.8) -> float:
    """Return how much of something is seen that comes at `start` and has gone at `end`."""
    return ease(t, start, start + fade) * (1 - ease(t, end - fade, end))


def mix(a: float, b: float, x: float) -> float:
    return a + (b - a) * x


class Canvas:
    def __init__(self, ground: str) -> None:
        self.surface = cairo.ImageSurface(cairo.FORMAT_RGB24, WIDTH, HEIGHT)
        self.context = cairo.Context(self.surface)
        self.ground = ground

    def clear(self) -> None:
        self.colour(self.ground)
        self.context.paint()

    def colour(self, colour: str, alpha: float = 1.0) -> None:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        self.context.set_source_rgba(*parts, alpha)

    def circle(self, x: float, y: float, r: float, colour: str, *, alpha: float = 1.0, width: float = 0) -> None:
        self.context.new_path()
        self.context.arc(x, y, max(r, 0), 0, math.tau)
        self._finish(colour, alpha, width)

    def line(
        self, points: list[Point], colour: str, *, alpha: float = 1.0, width: float = 2.5, dash: float = 0
    ) -> None:
        self._trace(points)
        self.context.set_dash([dash, dash * 1.6] if dash else [])
        self._finish(colour, alpha, width)
        self.context.set_dash([])

    def shape(self, points: list[Point], colour: str, *, alpha: float = 1.0, width: float = 0) -> None:
        self._trace(points)
        self.context.close_path()
        self._finish(colour, alpha, width)

    def text(
        self,
        words: str,
        at: Point,
        colour: str,
        *,
        size: float = 24,
        italic: bool = False,
        align: float = 0,
        alpha: float = 1.0,
    ) -> None:
        """Write one line whose baseline stands at `at`. `align` is 0 for left, 0.5 for centred, 1 for right."""
        layout = self.layout(words, size=size, italic=italic)
        width = layout.get_pixel_size()[0]
        self.colour(colour, alpha)
        self.context.move_to(at[0] - width * align, at[1] - layout.get_baseline() / Pango.SCALE)
        PangoCairo.show_layout(self.context, layout)

    def paragraph(
        self, words: str, at: Point, colour: str, *, size: float, measure: float, leading: float, alpha: float = 1.0
    ) -> list[float]:
        """Set `words` to `measure` pixels, lines `leading` apart, and return the width of each line."""
        layout = self.layout(words, size=size)
        layout.set_width(round(measure * Pango.SCALE))
        layout.set_wrap(Pango.WrapMode.WORD)
        self.colour(colour, alpha)
        widths = []
        room = int((HEIGHT - 70 - at[1]) / leading) + 1
        for index in range(min(layout.get_line_count(), room)):
            line = layout.get_line_readonly(index)
            self.context.move_to(at[0], at[1] + index * leading)
            PangoCairo.show_layout_line(self.context, line)
            widths.append(line.get_pixel_extents()[1].width)
        return widths

    def layout(self, words: str, *, size: float, italic: bool = False) -> Pango.Layout:
        layout = PangoCairo.create_layout(self.context)
        font = Pango.FontDescription("EB Garamond")
        font.set_absolute_size(size * Pango.SCALE)
        font.set_style(Pango.Style.ITALIC if italic else Pango.Style.NORMAL)
        layout.set_font_description(font)
        layout.set_text(words, -1)
        return layout

    def _trace(self, points: list[Point]) -> None:
        self.context.new_path()
        for x, y in points:
            self.context.line_to(x, y)

    def _finish(self, colour: str, alpha: float, width: float) -> None:
        self.colour(colour, alpha)
        if width:
            self.context.set_line_width(width)
            self.context.set_line_cap(cairo.LINE_CAP_ROUND)
            self.context.set_line_join(cairo.LINE_JOIN_ROUND)
            self.context.stroke()
        else:
            self.context.fill()

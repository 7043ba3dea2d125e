"""The films: a drawing for every moment, a quiet sound, and captions that carry the words."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sandbox.library.build.films import bread, tide, type_
from sandbox.library.build.films.canvas import HEIGHT, WIDTH, Canvas, between
from sandbox.library.build.films.sound import SEA, STRINGS, WARM

RATE = 24


@dataclass(frozen=True)
class Film:
    title: str
    draw: Callable[[Canvas, float], None]
    captions: tuple[tuple[float, float, str], ...]
    ground: str
    ink: str
    sound: str
    cue: str = ""  # Where captions stand, in WebVTT's terms: at the foot, unless the drawing's own words are there.


FILMS = {
    "the-length-of-a-line": Film("The length of a line", type_.length, type_.LENGTH, type_.GROUND, type_.INK, STRINGS),
    "the-space-between": Film("The space between", type_.leading, type_.LEADING, type_.GROUND, type_.INK, STRINGS),
    "two-bulges": Film(
        "Two bulges and a turning world", tide.bulges, tide.BULGES, tide.GROUND, tide.LIGHT, SEA, "line:3%"
    ),
    "springs-and-neaps": Film("Springs and neaps", tide.springs, tide.SPRINGS, tide.GROUND, tide.LIGHT, SEA, "line:3%"),
    "the-rule-of-twelfths": Film(
        "The rule of twelfths", tide.twelfths, tide.TWELFTHS, tide.GROUND, tide.LIGHT, SEA, "line:3%"
    ),
    "folding": Film("Folding instead of kneading", bread.folding, bread.FOLDING, bread.GROUND, bread.INK, WARM),
    "how-dough-tells-the-time": Film(
        "How dough tells the time", bread.telling, bread.TELLING, bread.GROUND, bread.INK, WARM
    ),
}


def write_film(slug: str, *, seconds: int, target: Path) -> None:
    """Draw the film to `target`, an MP4 that starts before it has all arrived, and its captions beside it."""
    film = FILMS[slug]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.with_suffix(".en.vtt").write_text(_captions(film), encoding="utf-8")
    sound = f"{film.sound},afade=t=in:d=2,afade=t=out:st={seconds - 3}:d=3,atrim=duration={seconds}[sound]"
    encoder = subprocess.Popen(
        [
            *(
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-f",
                "rawvideo",
                "-pix_fmt",
                "bgr0",
                "-s",
                f"{WIDTH}x{HEIGHT}",
                "-r",
                str(RATE),
                "-i",
                "-",
            ),
            *("-filter_complex", sound, "-map", "0:v", "-map", "[sound]", "-t", str(seconds)),
            *(
                "-c:v",
                "libx264",
                "-preset",
                "slower",
                "-crf",
                "31",
                "-pix_fmt",
                "yuv420p",
                "-g",
                str(RATE * 8),
                "-tune",
                "animation",
            ),
            *(
                "-c:a",
                "aac",
                "-b:a",
                "32k",
                "-ac",
                "1",
                "-ar",
                "44100",
                "-map_metadata",
                "-1",
                "-metadata",
                f"title={film.title}",
            ),
            *("-fflags", "+bitexact", "-flags", "+bitexact", "-movflags", "+faststart", str(target)),
        ],
        stdin=subprocess.PIPE,
    )
    assert encoder.stdin is not None  # noqa: S101
    for frame in range(seconds * RATE):
        encoder.stdin.write(picture(slug, frame / RATE, seconds=seconds))
    encoder.stdin.close()
    if encoder.wait():
        raise SystemExit(f"FFmpeg could not write {target.name}")


def picture(slug: str, t: float, *, seconds: int) -> bytes:
    """Return the frame at `t` seconds as rows of BGR0 pixels."""
    film = FILMS[slug]
    canvas = Canvas(film.ground)
    canvas.clear()
    film.draw(canvas, t)
    canvas.colour(film.ground, 1 - between(t, -0.2, seconds + 0.1, fade=0.9))
    canvas.context.paint()
    canvas.text(film.title, (WIDTH / 2, HEIGHT / 2 + 14), film.ink, size=50, align=0.5, alpha=between(t, 0.3, 3.1))
    canvas.surface.flush()
    return bytes(canvas.surface.get_data())


def _captions(film: Film) -> str:
    cues = (
        f"{_clock(start)} --> {_clock(end)} {film.cue}".rstrip() + f"\n{words}\n" for start, end, words in film.captions
    )
    return "WEBVTT\n\n" + "\n".join(cues)


def _clock(seconds: float) -> str:
    return f"00:{int(seconds // 60):02}:{seconds % 60:06.3f}"

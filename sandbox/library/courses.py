"""The courses: three that are out, and one still being written."""

from sandbox.library.shapes import CourseSample, LessonSample, SectionSample

QUIET, TIDE, DOUGH, WALKS = "the-quiet-page", "reading-the-tide", "the-long-dough", "listening-walks"

COURSES = (
    CourseSample(
        QUIET,
        "The Quiet Page",
        "Typography for people who write",
        "Ada Wrenfield",
        "Set a page that nobody notices and everybody finishes: line length, leading, one good typeface and honest margins.",
        topics=("type-and-print",),
        level="beginner",
        language="en",
        access="members",
        published_in=-12,
        sections=(
            SectionSample(
                "The line",
                (
                    LessonSample(QUIET, "what-a-page-is-for", "What a page is for", 240, preview=True),
                    LessonSample(QUIET, "the-length-of-a-line", "The length of a line", 30, preview=True, film=True),
                    LessonSample(QUIET, "the-space-between", "The space between", 28, film=True),
                ),
            ),
            SectionSample(
                "The page",
                (
                    LessonSample(QUIET, "choosing-one-typeface", "Choosing one typeface", 240),
                    LessonSample(QUIET, "margins-and-edges", "Margins and edges", 240),
                    LessonSample(
                        QUIET,
                        "before-you-print",
                        "Before you print",
                        240,
                        worksheet="The Quiet Page: a sheet for your own page",
                    ),
                ),
            ),
        ),
    ),
    CourseSample(
        TIDE,
        "Reading the Tide",
        "Heights, streams and timing for small boats",
        "Tomas Penhale",
        "Why the water moves, how far it will have moved by half past three, and how to put it all on one sheet before you leave.",
        topics=("coast-and-sky",),
        level="intermediate",
        language="en",
        access="members",
        published_in=-40,
        products=("reading-the-tide",),
        sections=(
            SectionSample(
                "Why the water moves",
                (
                    LessonSample(
                        TIDE,
                        "two-bulges",
                        "Two bulges and a turning world",
                        32,
                        preview=True,
                        film=True,
                        chapters="0:00 Beneath the moon\n0:08 On the far side\n0:12 The earth turns\n0:24 A day and fifty minutes",
                    ),
                    LessonSample(TIDE, "springs-and-neaps", "Springs and neaps", 30, film=True),
                ),
            ),
            SectionSample(
                "Working it out",
                (
                    LessonSample(TIDE, "reading-a-tide-table", "Reading a tide table", 240),
                    LessonSample(
                        TIDE,
                        "the-rule-of-twelfths",
                        "The rule of twelfths",
                        34,
                        film=True,
                        chapters="0:00 Six hours, unevenly\n0:07 The first half\n0:16 Running hardest\n0:26 How to remember it",
                    ),
                ),
            ),
            SectionSample(
                "On the water",
                (
                    LessonSample(
                        TIDE,
                        "one-sheet",
                        "A passage plan on one sheet",
                        300,
                        worksheet="Reading the Tide: the one-sheet plan",
                    ),
                    LessonSample(TIDE, "what-the-water-shows", "What the water shows you", 240),
                ),
            ),
        ),
    ),
    CourseSample(
        DOUGH,
        "The Long Dough",
        "Bread from an evening and a morning",
        "Marit Aldous",
        "One plain loaf, learnt properly: fold in the evening, sleep, shape, bake. Flour, water, salt, yeast, and a clock you can ignore.",
        topics=("bread-and-table",),
        level="beginner",
        language="en",
        access="free",
        published_in=-70,
        sections=(
            SectionSample(
                "The evening",
                (
                    LessonSample(DOUGH, "four-ingredients", "Four ingredients", 240, preview=True),
                    LessonSample(DOUGH, "folding", "Folding instead of kneading", 30, film=True),
                    LessonSample(DOUGH, "how-dough-tells-the-time", "How dough tells the time", 30, film=True),
                ),
            ),
            SectionSample(
                "The morning",
                (
                    LessonSample(DOUGH, "shaping", "Shaping a round loaf", 240),
                    LessonSample(DOUGH, "heat-and-steam", "Heat and steam", 240),
                    LessonSample(
                        DOUGH,
                        "when-the-loaf-fails",
                        "When the loaf fails",
                        240,
                        worksheet="The Long Dough: a baker's log",
                    ),
                ),
            ),
        ),
    ),
    CourseSample(
        WALKS,
        "Listening Walks",
        "Field recording with what you have",
        "Jonah Silverfen",
        "Leave the house with a small recorder and come back with a place. A course in the making.",
        topics=("sound-and-field",),
        level="all",
        language="en",
        access="members",
        published_in=None,
        sections=(
            SectionSample(
                "Before you leave",
                (
                    LessonSample(
                        WALKS, "ten-minutes-without-a-microphone", "Ten minutes without a microphone", 180, preview=True
                    ),
                    LessonSample(WALKS, "wind", "Wind", 180),
                ),
            ),
        ),
    ),
)

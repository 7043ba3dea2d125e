"""Words as people type them: folded, so that case and accents do not matter, and the nearest to one that was mistyped."""

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

SHORTEST = 4  # Of a word below this nearly anything is near.
TWO_SLIPS = 8  # From this length on two slips are forgiven, below it one.


def fold(text: str) -> str:
    """Return text as search compares it: no case, no accents, single spaces."""
    return " ".join("".join(map(fold_one, text)).split())


def fold_one(letter: str) -> str:
    """Return what one letter becomes: none, one, or several ("ß" is "ss", "é" is "e", an accent of its own is nothing)."""
    if letter.isascii():
        return letter.lower()
    apart = unicodedata.normalize("NFKD", letter.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def slips_forgiven(word: str) -> int:
    if len(word) < SHORTEST:
        return 0
    return 2 if len(word) >= TWO_SLIPS else 1


def pieces(word: str) -> list[str]:
    """Return what a text must hold one of, if it has a word within the slips forgiven: with fewer slips than pieces, one stays whole.

    Two letters that changed places across the middle would break both of two halves, so that spelling is a piece as well.
    """
    count = slips_forgiven(word) + 1
    ends = [round(len(word) * number / count) for number in range(count + 1)]
    found = [word[start:end] for start, end in pairwise(ends)] if count > 1 else []
    if count == 2:
        middle = ends[1]
        found.append(word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :])
    return found


def nearest(word: str, vocabulary: Iterable[str]) -> str | None:
    """Return the word of the vocabulary that is the fewest slips away, within those forgiven; of equals the alphabetically first."""
    forgiven = slips_forgiven(word)
    parts = pieces(word)
    near = (other for other in set(vocabulary) if abs(len(other) - len(word)) <= forgiven)
    likely = (other for other in near if any(part in other for part in parts))
    ranked = sorted((slips(word, other), other) for other in likely)
    return ranked[0][1] if ranked and ranked[0][0] <= forgiven else None


def slips(one: str, other: str) -> int:
    """Return how many letters must be added, left out, changed, or have their place changed with the next, to make one the other.

    Source: optimal string alignment, https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        this = [row]
        for column, mate in enumerate(other, 1):
            least = min(last[column] + 1, this[column - 1] + 1, last[column - 1] + (letter != mate))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == mate:
                least = min(least, before[column - 2] + 1)
            this.append(least)
        before, last = last, this
    return last[-1]

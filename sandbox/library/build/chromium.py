"""Pages and pictures out of HTML, by the Chromium of the machine."""

import re
import subprocess
import tempfile
from pathlib import Path

COMMON = (
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--user-agent=Slow Harbour",
)
# Chromium writes the hour of printing into a PDF. A fixed one of the same length keeps the cross-reference table true.
DATED = re.compile(rb"\((D:\d{14}\+00'00')\)")
DATE = b"(D:20261001120000+00'00')"


def print_pdf(html: str, target: Path) -> None:
    """Print `html` to `target`, tagged, with an outline made of its headings, and packed by qpdf."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _run(html, f"--print-to-pdf={target}", "--no-pdf-header-footer", "--generate-pdf-document-outline")
    target.write_bytes(DATED.sub(DATE, target.read_bytes()))
    packing = ("--object-streams=generate", "--recompress-flate", "--compression-level=9", "--deterministic-id")
    subprocess.run(["qpdf", *packing, "--replace-input", str(target)], check=True)


def screenshot(html: str, target: Path, *, width: int, height: int) -> None:
    """Write what `html` looks like at this size in CSS pixels to `target`, a PNG."""
    _run(html, f"--screenshot={target}", f"--window-size={width},{height}")


def _run(html: str, *options: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(html, encoding="utf-8")
        profile = f"--user-data-dir={folder}/profile"
        subprocess.run([*COMMON, profile, *options, page.as_uri()], check=True, capture_output=True, timeout=120)

"""A headless Chromium for tests of pages; see `BROWSER`."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs a headless Chromium")
PHONE = (390, 844)
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def opened(page: Path, script: str = "", size: tuple[int, int] = PHONE) -> str:
    """The page's HTML once it has been opened, and a script has run at its end.

    What the page itself logs as an error, or what it is kept from loading, fails the test.

    Args:
        page: an HTML file.
        script: JavaScript; the page's own policy would keep it out, so that is left out.
        size: of the window, pixels.
    """
    shown = page
    if script:
        shown = page.with_name(f"with-script-{page.name}")
        text = _POLICY.sub("", page.read_text(encoding="utf-8"))
        text = text.replace("</body>", f"<script>{script}</script></body>")
        shown.write_text(text, encoding="utf-8")
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
        "--enable-logging=stderr", f"--user-data-dir={page.parent / 'profile'}",
        f"--window-size={size[0]},{size[1]}", shown.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)  # noqa: S603
    assert "CONSOLE" not in done.stderr, done.stderr
    return done.stdout

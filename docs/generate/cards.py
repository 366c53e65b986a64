"""The cards of the shipped models, as their folders hold them."""

from __future__ import annotations

import re

from nephoscope.models import list_models
from nephoscope.models.lookup import zoo


def cards() -> str:
    """Each card without its header of YAML, its headings two levels down."""
    return "\n\n".join(_card((zoo() / name / "card.md").read_text()) for name in list_models())


def _card(text: str) -> str:
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    body = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", body)  # pictures stay in the model's folder
    return re.sub(r"^(#+) ", r"#\1 ", body, flags=re.MULTILINE).strip()

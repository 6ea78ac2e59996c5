"""Write the corpus anew: `python -m tests.privacy.corpus`."""

from __future__ import annotations

from tests.privacy.corpus import FOLDER
from tests.privacy.corpus.formats import FORMATS
from tests.privacy.corpus.values import Values

LINES = 155


def lines(name: str) -> list[str]:
    """Give the lines of one format, always the same."""
    values = Values(f"mainstem {name}")
    return [FORMATS[name](values) for _ in range(LINES)]


if __name__ == "__main__":
    for name in FORMATS:
        (FOLDER / f"{name}.txt").write_text("\n".join(lines(name)) + "\n", "utf-8")

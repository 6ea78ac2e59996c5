"""Bring blobs into the warehouse's bronze tables, each record once.

`plan` decides what is new, `bronze` takes a blob in, `ledger` has what collectors say they wrote.
"""

from mainstem.load.choice import Choice
from mainstem.load.preview import Preview, preview_load
from mainstem.load.run import LoadResult, load

__all__ = [
    "Choice",
    "LoadResult",
    "Preview",
    "load",
    "preview_load",
]

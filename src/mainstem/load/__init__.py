"""Bring blobs into the warehouse's bronze tables, each record once.

`plan` decides what is new, `bronze` takes a blob in, `ledger` has what collectors say they wrote;
`spark` loads into Delta tables.
"""

from mainstem.load.choice import ALL_NEW, Choice
from mainstem.load.preview import Preview, preview_load
from mainstem.load.run import LoadResult, load
from mainstem.load.spark import Compacted, compact

__all__ = [
    "ALL_NEW",
    "Choice",
    "Compacted",
    "LoadResult",
    "Preview",
    "compact",
    "load",
    "preview_load",
]

"""Account for every record at every stage, from counts that were taken in different places.

`evidence` gathers what ledger, stores and warehouse say, `equations` compares it, `chain` looks for
what is missing from the ledger itself.
"""

from mainstem.books.equations import Books, Line, keep_books
from mainstem.books.status import RegionStatus, Status, take_status

__all__ = ["Books", "Line", "RegionStatus", "Status", "keep_books", "take_status"]

"""Weekly counts of a region whose records stay: made there, read at the centre, never revised.

`cells` is the query that makes them, `week` one week's object, `publish` writes it at home, and
`read` brings it into the central warehouse. docs/residency.md says what they tell and what not.
"""

from mainstem.aggregates.publish import Publication, publish_weeks
from mainstem.aggregates.read import take_weeks
from mainstem.aggregates.week import AGGREGATES, Cell, Week

__all__ = [
    "AGGREGATES",
    "Cell",
    "Publication",
    "Week",
    "publish_weeks",
    "take_weeks",
]

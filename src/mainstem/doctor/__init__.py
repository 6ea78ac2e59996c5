"""Checks a deployment for what is known to go wrong, each finding with its evidence and its cure.

`examine` runs the checks: `platform` and `collectors` look at this machine and the files on it,
`stores` and `ledgers` at what the regions wrote.
"""

from mainstem.doctor.examine import Examination, examine
from mainstem.doctor.finding import Finding

__all__ = ["Examination", "Finding", "examine"]

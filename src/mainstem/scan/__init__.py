"""Search what is stored for personal data and secrets, with detectors that are not the collector's.

`detectors` are other libraries', `texts` takes every string out of a blob or a row, `search` puts
the one to the other in several processes, `run` goes over blobs and warehouse and records what was
searched and found.
"""

from mainstem.scan.run import REGION_STORES, Scan, Scope, Searched, scan
from mainstem.scan.search import Find

__all__ = ["REGION_STORES", "Find", "Scan", "Scope", "Searched", "scan"]

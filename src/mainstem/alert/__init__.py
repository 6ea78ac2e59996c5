"""Tell people what is worth telling, once: rules on what a build published, and ways to people.

`rules` decide, `episodes` remember, `channels` act; `run` joins them.
"""

from mainstem.alert.episodes import Delivery, Episode, News, open_episodes
from mainstem.alert.finding import Finding, Severity
from mainstem.alert.run import AlertRun, alert, deliver, state_file
from mainstem.alert.table import ALERTS

__all__ = [
    "ALERTS",
    "AlertRun",
    "Delivery",
    "Episode",
    "Finding",
    "News",
    "Severity",
    "alert",
    "deliver",
    "open_episodes",
    "state_file",
]

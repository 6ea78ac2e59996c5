"""`mainstem init`: a company's own repository, written from a few answers.

Public: the answers, how they are read, and the writing of the repository.
"""

from mainstem.init.answers import Answers, RegionAnswer, read_answers
from mainstem.init.write import write_repository

__all__ = ["Answers", "RegionAnswer", "read_answers", "write_repository"]

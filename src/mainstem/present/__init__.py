"""What people read: answers to the questions of the business, from what a build published.

Public: `answer` with its questions. The definitions behind the numbers are in docs/answers.md.
"""

from mainstem.present.answers import Answer, answer
from mainstem.present.questions import Question, find_question, load_questions

__all__ = ["Answer", "Question", "answer", "find_question", "load_questions"]

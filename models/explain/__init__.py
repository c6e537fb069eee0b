"""Why flows are what they are: in sentences with numbers, each checked by solving again."""

from models.explain.explanation import Explanation, Statement, explain_run

__all__ = ["Explanation", "Statement", "explain_run"]

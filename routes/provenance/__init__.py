"""Who says so, how good it is, and what rests on it."""

from routes.provenance.evidence import check_evidence
from routes.provenance.grades import count_grades
from routes.provenance.sheet import describe_subject
from routes.provenance.sources import cite_source, list_sources
from routes.provenance.subjects import find_subject

__all__ = [
    "check_evidence",
    "cite_source",
    "count_grades",
    "describe_subject",
    "find_subject",
    "list_sources",
]

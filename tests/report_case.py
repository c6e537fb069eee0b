"""What the tests of the report share: three runs, their report, and what it holds."""

import json
import re
from functools import lru_cache
from html.parser import HTMLParser

import pytest

from models.report import render_report
from real_case import real_run

NAMES = ("baseline-2023", "russia-closed", "critical-minerals-west")


def runs():
    return [real_run(name, prices=name == "baseline-2023") for name in NAMES]


@lru_cache
def report_text():
    return render_report(runs())


def read_data(text):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found.group(1), parse_constant=pytest.fail)


class Page(HTMLParser):
    """Ids, anchors, and what an element asks for."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.anchors, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append((tag, values))
        if "id" in values:
            self.ids.append(values["id"])
        if values.get("href", "").startswith("#"):
            self.anchors.append(values["href"][1:])

"""Sweep pages, built and taken apart."""

from __future__ import annotations

import re
from html import unescape

import pytest

from assignstudy.errors import PageError
from assignstudy.sweep import write_sweep_page


def built(folder):
    return write_sweep_page(folder).read_text(encoding="utf-8")


def built_of_damaged(folder):
    with pytest.raises(PageError, match=r"index\.html: Left out where .* are compared: "):
        write_sweep_page(folder)
    return (folder / "index.html").read_text(encoding="utf-8")


def section(page, key):
    return re.search(rf'<section id="{key}".*?</section>', page, re.DOTALL)[0]


def finding(page, key):
    return unescape(re.search(r'<p class="finding">(.*?)</p>', section(page, key), re.DOTALL)[1])


def table(page, key, caption):
    """A table of the page as its header and its rows of texts; marks (best, worst, pick) left out."""
    html = re.search(rf"<caption>{caption}.*?</table>", section(page, key), re.DOTALL)[0]
    html = re.sub(r'<span class="mark">.*?</span>', "", html)
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in html.split("<tr>")[1:]]
    plain = [[unescape(re.sub("<[^>]+>", "", cell)).strip() for cell in row] for row in rows]
    return plain[0], plain[1:]

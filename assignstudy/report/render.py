"""The only place that knows Jinja: strict, escaping everything, fed with plain values."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assignstudy.figures.style import COLOURS
from assignstudy.report import sections, words
from assignstudy.report.glossary import words_for
from assignstudy.report.view import RunView
from assignstudy.resources import resource


def render(template_name: str, **context: object) -> str:
    """A page from a template of ``templates/``.

    Args:
        template_name: ``run.html.j2`` and the like.
        context: All that the template may print; a name that is missing is an error.
    """
    return _environment().get_template(template_name).render(colours=COLOURS, **context)


def write_run_page(path: Path, view: RunView) -> tuple[str, ...]:
    """Write the page of one run.

    A section that cannot be built says so on the page; the others are not harmed.

    Args:
        path: File to write; replaced as a whole, so that nobody ever reads half a page.
        view: What the page may know.

    Returns:
        One sentence per section that could not be built; empty where all is well.
    """
    contents = sections.build(view)
    write_page(
        path,
        render(
            "run.html.j2", title=words.name(view.dataset), view=view, sections=contents, glossary=words_for(view.rule)
        ),
    )
    return tuple(f"section “{content.title}”: {content.error}" for content in contents if content.error)


def write_page(path: Path, html: str) -> None:
    """Write a page in one step, by rename."""
    draft = path.with_name(path.name + ".tmp")
    draft.write_text(html, encoding="utf-8", newline="\n")
    draft.replace(path)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(resource("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

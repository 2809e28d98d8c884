"""The page of one run: what was found, and the model where one is looked into, handed to the report."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from assignstudy import record
from assignstudy.errors import ModelError
from assignstudy.fitting.compare import compare
from assignstudy.fitting.text import model_block
from assignstudy.models.loading import ModelSource
from assignstudy.models.study import LayerChoice, ModelStudy, Setting
from assignstudy.models.study import study as look_into
from assignstudy.models.taps import check_layers
from assignstudy.order import Done, Labels, Order, shown_settings, storable
from assignstudy.settings import Config, fit_settings
from assignstudy.statistics import anchor_sets
from assignstudy.statistics.pictures import Pictures
from assignstudy.study import Study, StudyResult

if TYPE_CHECKING:
    from torch import nn

    from assignstudy.report.view import FitView, ModelView


class LoadedModel(NamedTuple):
    """A model, what it is called, and which of its layers to read."""

    title: str
    module: nn.Module
    choice: LayerChoice


def load_model(config: Config, setting: Study, source: ModelSource) -> LoadedModel:
    """The model, with everything checked that can be before any work is done."""
    options = config["model"]
    choice = LayerChoice(tuple(options["layers"] or ()), options["channels"], options["strongest"])
    module = source.load(setting.levels, len(setting.dataset.class_names))
    check_layers(module, choice.layers)
    return LoadedModel(source.title, module, choice)


def model_view(model: LoadedModel, setting: Study, result: StudyResult, shown: Pictures | None) -> ModelView:
    """The model with the images of the gallery, not yet shown to it: what it raises is its section's error."""
    from assignstudy.report.view import ModelView

    dataset = setting.dataset
    seen = Setting(dataset, result.network_input, setting.rule, setting.levels, result.input_hw)
    indices = [dataset.image_paths.index(image.path) for image in shown.gallery.images] if shown else []
    study_pictures = functools.partial(look_into, model.module, seen, indices, model.choice)
    return ModelView(model.title, model.choice.strongest, _once(study_pictures))


def _once(study_pictures: Callable[[], ModelStudy]) -> Callable[[], ModelStudy]:
    """The same function, carried out the first time only; an error is raised again, not made again."""

    @functools.cache
    def outcome() -> ModelStudy | ModelError:
        try:
            return study_pictures()
        except ModelError as error:
            return error

    def remembered() -> ModelStudy:
        found = outcome()
        if isinstance(found, ModelError):
            raise found
        return found

    return remembered


def write_page(order: Order, done: Done, shown: Pictures | None, model: ModelView | None) -> tuple[str, ...]:
    """Write the page into the run's folder.

    Args:
        order: What was asked for, and where.
        done: What the run came to.
        shown: What the pictures of single images are drawn from, if any are wanted.
        model: The model to look into, if any.

    Returns:
        One text per section that could not be built; each stands on the page, too.

    Raises:
        RecordError: The page cannot be written.
    """
    from assignstudy.report.render import write_run_page  # matplotlib and jinja2: only where a page is wanted
    from assignstudy.report.view import RunView

    view = RunView(
        dataset=done.labels.dataset.name,
        tables=done.result.tables,
        rule=done.rule.facts,
        input_hw=done.result.input_hw,
        settings=shown_settings(order),
        provenance=_provenance(order, done.labels),
        notices=done.notices,
        fit=_fit_view(order, done),
        pictures=shown,
        model=model,
    )
    path = order.folder / record.PAGE_FILE
    with record.writable(path):
        return write_run_page(path, view)


def _fit_view(order: Order, done: Done) -> FitView | None:
    from assignstudy.report.view import FitView

    settings = fit_settings(order.config["anchors"])
    if settings is None or done.fitted is None:
        return None
    tables = anchor_sets.compute(compare(done.rule, done.fitted, settings))
    return FitView(settings, tables, model_block(done.fitted.plain), record.ANCHOR_FILE)


def _provenance(order: Order, labels: Labels) -> dict[str, str]:
    commit, is_dirty = record.git_state()
    changes = " with uncommitted changes" if is_dirty else ""
    shown = storable(_without_folders(record.deciding(order.config)))
    return {
        "Configuration": yaml.safe_dump(
            _without_folders(shown), sort_keys=False, allow_unicode=True, default_flow_style=None
        ),
        "Run key": order.run_key,
        "Data set fingerprint": labels.fingerprint,
        "Versions": ", ".join(f"{name} {version}" for name, version in record.versions().items()),
        "Commit": f"{commit}{changes}" if commit else "none: an installed package",
    }


def _without_folders(value: Any) -> Any:
    """The value with absolute paths cut to their last part: pages do not depend on where things lie."""
    if isinstance(value, dict):
        return {key: _without_folders(entry) for key, entry in value.items()}
    is_absolute = isinstance(value, str) and PurePath(value).is_absolute()
    return PurePath(value).name if is_absolute else value

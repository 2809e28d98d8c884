"""Settings in plain values: what each may be, what is filled in where one is left out, and what to say otherwise.

Nothing here knows where settings come from. :class:`Settings` is the typed schema of the configuration and checks every
value that can be checked alone; :func:`resolved` turns a configuration into the form that is hashed and recorded, so
that equal settings look equal: a threshold left out becomes the published one, ``[640, 640]`` becomes ``640``.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any, TypeGuard

from assignstudy.errors import ConfigError
from assignstudy.untrusted import read_yaml

DEVICES = ("cpu", "cuda")
FIT_METHODS = ("kmeans_log", "evolve")
ANCHORS_PER_LEVEL = 3
MOST_FITTED = 120
MOST_SIDE_CELL = 64
"""No anchor is asked to be larger than this many cells: that is far beyond any detector's."""
THRESHOLDS = ("anchor_t", "iou_t")
GROUPS = ("dataset", "anchors", "assigner", "transform", "model", "report", "tracking")
MODEL_KEYS = {
    "none": (),
    "demo": ("seed",),
    "torchscript": ("path",),
    "custom": ("_target_", "options", "weights"),
}
"""The models there are, and the entries that each has beside those of all models."""

LAYER_KEYS = ("layers", "channels", "strongest")
MOST_CHANNELS = 64
"""More channels than anybody looks at, and than a page should carry."""

LONGEST_SIDE_PX = 65536
"""The longest side and stride: up to here float32 still tells positions 1/256 px apart."""

Config = dict[str, Any]


@dataclass
class Settings:
    """The typed schema of one run's configuration; not frozen, because Hydra's schemas cannot be.

    Attributes:
        dataset: Options of the chosen data set.
        anchors: ``strides`` and ``wh_px``, None for the published ones; the ``path`` of a file with both; or how to fit
            them, see :class:`FitSettings`.
        assigner: The rule's class and options.
        transform: The transform's class and options.
        model: A network whose layers pages show, see :func:`check_model`.
        report: Options of the report.
        tracking: ``uri`` of a store for runs, None for none, and the ``experiment`` in it.
        anchor_t: Largest side ratio that fits (strictly below); None for the rule's published value.
        iou_t: The IoU that a fitting anchor exceeds or reaches; None for the rule's published value. The rule that
            takes a threshold says which values it can use.
        imgsz: Side of the square network input or ``[height, width]``, in pixels.
        device: ``cpu`` or ``cuda``.
        objective: What a search goes by: a metric, or a weighted sum of metrics.

    Raises:
        ConfigError: Naming the first setting that cannot be used.
    """

    dataset: Any = None
    anchors: Any = None
    assigner: Any = None
    transform: Any = None
    model: Any = None
    report: Any = None
    tracking: Any = None
    anchor_t: float | None = None
    iou_t: float | None = None
    imgsz: Any = 640
    device: str = "cpu"
    objective: str = "bpr"

    def __post_init__(self) -> None:
        """Check what can be checked without the data set and the rule."""
        for group in GROUPS:
            chosen = None if group == "anchors" and self.anchors == {} else getattr(self, group)
            if not isinstance(chosen, dict):
                raise ConfigError(f"{group}: expected a choice, got {chosen}; --help lists them")
        if not isinstance(self.dataset.get("name"), str):
            raise ConfigError(f"dataset.name: expected the name of a format, got {self.dataset.get('name')}")
        input_hw(self.imgsz)
        check_model(self.model)
        if self.device not in DEVICES:
            raise ConfigError(f"device: expected {' or '.join(DEVICES)}, got {self.device}")
        _check_report(self.report)


@dataclass(frozen=True)
class AnchorLevel:
    """The anchors of one level in plain numbers.

    Attributes:
        stride: Input pixels per cell.
        wh_px: Width and height of each anchor in pixels of the network input.
    """

    stride: int
    wh_px: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class FitSettings:
    """How to fit anchors to a data set.

    Attributes:
        strides: Of the levels, increasing powers of two.
        n: How many anchors in all, equally many on each level; the smallest go to the finest level.
        method: One of :data:`FIT_METHODS`.
        min_side_cell: The least side (square root of the area) of an anchor in cells of its level; 0 for no bound.
        seed: Of the search.
    """

    strides: tuple[int, ...]
    n: int
    method: str
    min_side_cell: float
    seed: int


@dataclass(frozen=True)
class Published:
    """What the chosen rule's publication says of settings that can be left out.

    Attributes:
        threshold_name: The one of :data:`THRESHOLDS` that the rule takes, or None.
        threshold: Its published value; None where there is none.
        levels: The published anchors; None where the rule takes no others, so that they are no setting.
        options: Options of the rule as it is set up, for those that were left out.
    """

    threshold_name: str | None
    threshold: float | None
    levels: tuple[AnchorLevel, ...] | None
    options: Mapping[str, Any] = field(default_factory=dict)


def input_hw(imgsz: object) -> tuple[int, int]:
    """Height and width, in pixels, of the network input that ``imgsz`` asks for.

    Args:
        imgsz: One side of a square input, or ``[height, width]``.

    Raises:
        ConfigError: If it is neither, or a side is not a whole number from 1 to :data:`LONGEST_SIDE_PX`.
    """
    sides: list[Any] = list(imgsz) if isinstance(imgsz, list | tuple) else [imgsz, imgsz]
    if len(sides) != 2 or not all(map(_is_whole, sides)):
        expected = f"a side in pixels from 1 to {LONGEST_SIDE_PX}, or [height,width]"
        raise ConfigError(f"imgsz: expected {expected}, got {imgsz}; write imgsz=640 or imgsz=[384,640]")
    return int(sides[0]), int(sides[1])


def anchor_levels(anchors: Mapping[str, Any]) -> tuple[AnchorLevel, ...]:
    """The detection scales that the ``anchors`` group asks for, by increasing stride.

    Args:
        anchors: ``strides`` and ``wh_px`` (per level a flat list: width, height, width, height, …), or ``path`` of a
            YAML file that holds both.

    Raises:
        ConfigError: Naming the entry, and the file it stands in.
    """
    if unknown := anchors.keys() - {"path", "strides", "wh_px"}:
        raise ConfigError(f"anchors.{min(unknown)}: no such setting; expected strides and wh_px")
    if "path" in anchors and "strides" not in anchors:
        return _levels(_anchor_file(anchors["path"]), f"anchors.path: {anchors['path']}: ")
    return _levels(anchors, "anchors.")


def fit_settings(anchors: Mapping[str, Any]) -> FitSettings | None:
    """How the ``anchors`` group asks to fit anchors; None where it does not.

    Raises:
        ConfigError: Naming the first entry that cannot be used.
    """
    if "method" not in anchors:
        return None
    known = {entry.name for entry in fields(FitSettings)}
    if unknown := anchors.keys() - known:
        raise ConfigError(
            f"anchors.{min(unknown)}: no such setting of anchors=fit; expected {', '.join(sorted(known))}"
        )
    strides = _strides(anchors.get("strides"), "anchors.")
    n, method, seed = (anchors.get(name) for name in ("n", "method", "seed"))
    if not _is_whole(n) or n % len(strides) or n > MOST_FITTED:
        expected = f"a multiple of {len(strides)}, the number of levels, up to {MOST_FITTED}"
        raise ConfigError(f"anchors.n: expected {expected}, got {n}; left out it is {ANCHORS_PER_LEVEL} per level")
    if method not in FIT_METHODS:
        raise ConfigError(f"anchors.method: expected {' or '.join(FIT_METHODS)}, got {method}")
    if not _is_number(seed) or not 0 <= seed < math.inf or seed != int(seed):
        raise ConfigError(f"anchors.seed: expected a whole number, at least 0, got {seed}")
    return FitSettings(tuple(strides), int(n), method, _min_side_cell(anchors.get("min_side_cell")), int(seed))


def options_of_fit(anchors: Mapping[str, Any]) -> set[str]:
    """Settings that say how to fit anchors, among those of anchors that are given and not fitted."""
    is_given = bool({"wh_px", "path"} & anchors.keys())
    return (
        {entry.name for entry in fields(FitSettings) if entry.name != "strides"} & anchors.keys() if is_given else set()
    )


def check_anchor_keys(anchors: Mapping[str, Any], meant_for_others: Set[str] = frozenset()) -> None:
    """Refuse settings of anchors that do not go together.

    Args:
        anchors: The group, as it was given.
        meant_for_others: Options of a fit that a sweep has for its other anchors.

    Raises:
        ConfigError: Naming the first of them.
    """
    given = "wh_px" if "wh_px" in anchors else "path"
    for name in sorted(options_of_fit(anchors) - meant_for_others):
        why = f"belongs to anchors=fit, and anchors.{given} to anchors that are given; leave one of them out"
        raise ConfigError(f"anchors.{name}: {why}")
    if {"wh_px", "path"} <= anchors.keys():
        raise ConfigError(
            "anchors.path: no such setting; expected one of strides, wh_px, or anchors=file without these"
        )
    if "method" not in anchors:
        for name in sorted(map(str, anchors.keys() - {"strides", "wh_px", "path"} - options_of_fit(anchors))):
            raise ConfigError(f"anchors.{name}: no such setting; expected one of strides, wh_px")


def resolved(config: Mapping[str, Any], published: Published | None) -> Config:
    """The configuration with everything filled in, in one spelling; what cannot be used stays as it was given.

    Args:
        config: A configuration in plain values.
        published: What stands for settings left out; None if the rule is not known.
    """
    filled = dict(config)
    if not all(isinstance(config[group], dict) for group in GROUPS):
        return filled
    unused = options_of_fit(config["anchors"])  # a sweep over given and fitted anchors may hold them for the latter
    filled["anchors"] = {name: value for name, value in config["anchors"].items() if name not in unused}
    if published is not None and (name := published.threshold_name) is not None:
        value = published.threshold if config[name] is None else config[name]
        filled |= {name: value, "assigner": config["assigner"] | {name: value}}
    if published is not None:
        filled["assigner"] = filled["assigner"] | dict(published.options)
    if published is not None and published.levels is not None and _is_left_out(filled["anchors"]):
        filled["anchors"] = as_config(published.levels)
    filled["anchors"] = _with_number(filled["anchors"])
    with suppress(ConfigError):
        height, width = input_hw(config["imgsz"])
        filled["imgsz"] = height if height == width else [height, width]
    return filled


def with_anchor_file(config: Mapping[str, Any]) -> Config:
    """The configuration with the content of a file of anchors beside its path, if it can be read.

    That is what a run used, so it is recorded, and a run is done again when it changed; but it is no setting: like the
    labels behind ``dataset.data`` it does not enter the run key.
    """
    anchors = config["anchors"]
    if not isinstance(anchors, dict) or "path" not in anchors:
        return dict(config)
    with suppress(ConfigError):
        return {**config, "anchors": anchors | as_config(anchor_levels(anchors))}
    return dict(config)


def check_thresholds(config: Mapping[str, Any], rule: str, threshold_name: str | None) -> None:
    """Refuse a threshold that the chosen rule does not take.

    Args:
        config: A configuration in plain values.
        rule: The rule's name.
        threshold_name: The one of :data:`THRESHOLDS` that it takes, or None.

    Raises:
        ConfigError: Naming the threshold given and the one to use instead.
    """
    for name in THRESHOLDS:
        if name != threshold_name and config[name] is not None:
            advice = f"its threshold is {threshold_name}" if threshold_name else "it has no threshold"
            raise ConfigError(f"{name}: assigner={rule} does not take it, got {config[name]}; {advice}")


def check_anchors(config: Mapping[str, Any], rule: str, choice: str, published: Published) -> None:
    """Refuse anchors for a rule that brings its own.

    Args:
        config: A configuration in plain values.
        rule: The rule's name.
        choice: The chosen entry of the group ``anchors``.
        published: What the rule's publication says.

    Raises:
        ConfigError: Naming the choice to use instead.
    """
    if published.levels is None and not _is_left_out(config["anchors"]):
        raise ConfigError(
            f"anchors: assigner={rule} has its own and takes no others, got anchors={choice}; use anchors=default"
        )


def check_model(model: Mapping[str, Any]) -> None:
    """Refuse a ``model`` group that cannot be used.

    Args:
        model: ``name``, the entries of :data:`MODEL_KEYS` for it and, but for ``none``, those of :data:`LAYER_KEYS`.

    Raises:
        ConfigError: Naming the first entry that cannot be used.
    """
    name = model.get("name")
    if not isinstance(name, str) or name not in MODEL_KEYS:
        raise ConfigError(f"model.name: expected one of {', '.join(MODEL_KEYS)}, got {name}")
    keys = {"name", *MODEL_KEYS[name], *(LAYER_KEYS if name != "none" else ())}
    if model.keys() != keys:
        wrong = min(model.keys() ^ keys)
        raise ConfigError(f"model.{wrong}: expected the entries {', '.join(sorted(keys))} for model={name}")
    for key, (is_usable, expected) in _MODEL_VALUES.items():
        if key in model and not is_usable(model[key]):
            raise ConfigError(f"model.{key}: expected {expected}, got {model[key]}")


def _is_left_out(anchors: Mapping[str, Any]) -> bool:
    return dict(anchors) == {"strides": None, "wh_px": None}


def _check_report(report: Mapping[str, Any]) -> None:
    if report.keys() != {"page", "gallery"} or not isinstance(report["page"], bool):
        raise ConfigError(f"report: expected report.page, true or false, and report.gallery, got {report}")
    gallery = report["gallery"]
    if not isinstance(gallery, dict) or gallery.keys() != {"images", "pick"}:
        raise ConfigError(f"report.gallery: expected report.gallery.images and report.gallery.pick, got {gallery}")
    images, pick = gallery["images"], gallery["pick"]
    if not isinstance(images, int) or isinstance(images, bool) or images < 0:
        raise ConfigError(f"report.gallery.images: expected a whole number, 0 for none, got {images}")
    if not _is_list(pick) or not all(isinstance(name, str) for name in pick):
        raise ConfigError(f"report.gallery.pick: expected file names, as in [street-00003.png], got {pick}")


def _levels(anchors: Mapping[str, Any], where: str) -> tuple[AnchorLevel, ...]:
    strides, wh_px = _strides(anchors.get("strides"), where), anchors.get("wh_px")
    if not _is_list(wh_px) or len(wh_px) != len(strides):
        found = f"{len(wh_px)} of them" if _is_list(wh_px) else str(wh_px)
        raise ConfigError(f"{where}wh_px: expected one list of anchors for each of {len(strides)} strides, got {found}")
    pairs = (_pairs(level, f"{where}wh_px[{index}]") for index, level in enumerate(wh_px))
    return tuple(AnchorLevel(stride, level) for stride, level in zip(strides, pairs, strict=True))


def _strides(strides: object, where: str) -> list[int]:
    is_usable = _is_list(strides) and len(strides) > 0 and all(map(_is_power_of_two, strides))
    if not _is_list(strides) or not is_usable or list(strides) != sorted(set(strides)):
        raise ConfigError(f"{where}strides: expected increasing powers of two, such as [8,16,32], got {strides}")
    return [int(stride) for stride in strides]


def _pairs(level: object, where: str) -> tuple[tuple[float, float], ...]:
    if not _is_list(level) or not level or len(level) % 2 or not all(map(_is_side, level)):
        raise ConfigError(f"{where}: expected width,height,width,height,… above 0 in pixels, got {level}")
    sides = [float(side) for side in level]
    return tuple(zip(sides[::2], sides[1::2], strict=True))


def _anchor_file(path: object) -> Mapping[str, Any]:
    where = f"anchors.path: {path}"
    try:
        content = read_yaml(str(path))
    except OSError as error:
        raise ConfigError(f"{where}: cannot be read ({error.strerror}); give the path of a YAML file") from error
    except ValueError as error:
        raise ConfigError(f"{where}: expected YAML, got {error}; mend the file") from error
    if not isinstance(content, dict) or not {"strides", "wh_px"} <= content.keys():
        found = ", ".join(map(str, content))[:80] if isinstance(content, dict) else type(content).__name__
        raise ConfigError(f"{where}: expected the entries strides and wh_px, got {found}")
    return content


def as_config(levels: Sequence[AnchorLevel]) -> Config:
    """The entries ``strides`` and ``wh_px`` that say these levels; whole numbers without a point."""
    flat = [[int(side) if side.is_integer() else side for pair in level.wh_px for side in pair] for level in levels]
    return {"strides": [level.stride for level in levels], "wh_px": flat}


def _with_number(anchors: Config) -> Config:
    """Anchors to fit with their number filled in."""
    if "method" in anchors and anchors.get("n") is None and _is_list(anchors.get("strides")):
        return anchors | {"n": ANCHORS_PER_LEVEL * len(anchors["strides"])}
    return anchors


def _min_side_cell(value: object) -> float:
    if not _is_number(value) or not 0 <= value <= MOST_SIDE_CELL:
        expected = f"a number of cells from 0 (no bound) to {MOST_SIDE_CELL}"
        raise ConfigError(f"anchors.min_side_cell: expected {expected}, got {value}")
    return float(value)


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> TypeGuard[float]:
    """Whether the value is a whole number that can be a side or a stride."""
    return _is_number(value) and 1 <= value <= LONGEST_SIDE_PX and value == int(value)


def _is_power_of_two(value: object) -> bool:
    return _is_whole(value) and not int(value) & (int(value) - 1)


def _is_side(value: object) -> bool:
    return _is_number(value) and value <= LONGEST_SIDE_PX and _as_float32(value) > 0


def _as_float32(value: float) -> float:
    return ctypes.c_float(value).value


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""


def _is_count(value: object, least: int, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


_MODEL_VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "seed": (lambda value: _is_count(value, 0, math.inf), "a whole number from 0 up"),
    "path": (_is_text, "the path of a TorchScript archive"),
    "_target_": (_is_text, "the dotted name of a class or function that returns a torch.nn.Module"),
    "options": (lambda value: isinstance(value, dict), "keyword arguments, as in +model.options.width=0.5"),
    "weights": (lambda value: value is None or _is_text(value), "the path of a state dict"),
    "layers": (
        lambda value: value is None or (_is_list(value) and len(value) > 0 and all(map(_is_text, value))),
        "a list of names, as in model.layers=[neck.0,neck.1]",
    ),
    "channels": (lambda value: _is_count(value, 1, MOST_CHANNELS), f"a whole number from 1 to {MOST_CHANNELS}"),
    "strongest": (lambda value: isinstance(value, bool), "true or false"),
}
"""What each entry of a model may be, and how to say so."""

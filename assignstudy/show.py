"""The pictures of one image as files for papers and slides: ``python -m assignstudy.show image=PATH …``.

Settings are those of the main command; what is drawn is what the run page's gallery draws.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assignstudy.cli import composed
from assignstudy.errors import AssignStudyError, ConfigError

FORMATS = ("png", "svg", "pdf")

HELP = """The pictures of one image as files: its boxes, the positive cells and the matched anchors.

  python -m assignstudy.show image=street-00003.png
  python -m assignstudy.show image=val2017/000000000139.jpg dataset=coco dataset.annotations=… dataset.images=val2017
  python -m assignstudy.show image=000009.jpg dataset=yolo dataset.data=data.yaml assigner=atss format=pdf

image    path or file name of an image of the data set
format   png, svg or pdf; several as png,pdf (png)
dpi      pixels per inch of PNGs, and of photos in the others; a picture is 4.8 inches wide (200)
out      folder to write to (outputs/pictures/<name of the image>/<rule>-<key of the settings>)

All else is a setting of the main command, see python -m assignstudy --help: dataset, assigner, anchors, imgsz, …
What a model makes of an image stands on the page of a run: python -m assignstudy model=…
"""


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        image: Path or name of the image.
        formats: Some of :data:`FORMATS`.
        dpi: Pixels per inch.
        out: Folder to write to; None for the usual one.
        overrides: Settings of the main command, as typed.
    """

    image: str
    formats: tuple[str, ...]
    dpi: float
    out: Path | None
    overrides: tuple[str, ...]


def request(arguments: Sequence[str]) -> Request:
    """What the arguments ask for.

    Raises:
        ConfigError: Naming the first that cannot be used.
    """
    usual = {"image": "", "format": "png", "dpi": "200", "out": ""}
    typed: dict[str, str] = {}
    others = []
    if options := [argument for argument in arguments if argument.startswith("-")]:
        raise ConfigError(
            f"{options[0]}: expected key=value only, this command draws one image under one setting; "
            "call it once per setting"
        )
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key not in usual:
            others.append(argument)
        elif typed.setdefault(key, value) != value:
            raise ConfigError(f"{key}: expected one value, got {typed[key]} and {value}; call it once for each")
    own = usual | typed
    if not own["image"]:
        raise ConfigError("image: expected the path or name of an image of the data set, got none; add image=…")
    formats = tuple(dict.fromkeys(own["format"].strip("[]").split(",")))
    if wrong := [one for one in formats if one not in FORMATS]:
        raise ConfigError(f"format: expected some of {', '.join(FORMATS)}, got {wrong[0]}")
    return Request(own["image"], formats, _dpi(own["dpi"]), Path(own["out"]) if own["out"] else None, tuple(others))


def _dpi(text: str) -> float:
    try:
        dpi = float(text)
    except ValueError:
        dpi = 0.0
    if not 10 <= dpi <= 2400:
        raise ConfigError(f"dpi: expected a number from 10 to 2400, got {text}")
    return dpi


def write_pictures(wanted: Request) -> tuple[list[Path], tuple[str, ...]]:
    """Draw one image and write its pictures.

    Returns:
        The files written, and what is to be said: notices, then one sentence per ground truth.

    Raises:
        AssignStudyError: A setting, the labels or the image cannot be used.
    """
    order, rule, transform = composed(wanted.overrides)
    if order.config["model"]["name"] != "none":
        raise ConfigError("model: expected none, as these pictures show no model; see python -m assignstudy model=…")
    from assignstudy import study
    from assignstudy.figures import gallery as figures
    from assignstudy.figures import panel_file
    from assignstudy.job import read_labels, study_of
    from assignstudy.report import gallery_words
    from assignstudy.statistics.gallery import Wish, named

    dataset = read_labels(order.config["dataset"]).dataset
    index = named(wanted.image, dataset.image_paths, "image")
    name = file_name(index, dataset.image_paths)
    setting, _ = study_of(order.config, dataset, rule, transform)
    setting = replace(setting, dataset=dataset.only(index))
    result = study.run(setting)
    gallery = study.show_images(setting, result, Wish(pick=setting.dataset.image_paths))
    image = gallery.images[0]
    usual = Path("outputs", "pictures", name, f"{order.choices['assigner']}-{order.run_key}")
    folder = wanted.out or usual
    photos = {"photo": image.picture} if image.picture else {}
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for panel in (panel for row in figures.draw(image, gallery.levels) for panel in row):
            for kind in wanted.formats:
                path = folder / f"{name}-{panel.key}.{kind}"
                panel_file.save(panel, photos, path, wanted.dpi)
                written.append(path)
    except OSError as error:
        raise ConfigError(f"out: expected a folder that can be written to, got {folder} ({error.strerror})") from error
    lines = gallery_words.lines(image, gallery.levels, rule.facts)
    said = (*result.notices, image.problem, *(line.text for line in lines))
    return written, tuple(filter(None, said))


def file_name(index: int, image_paths: Sequence[str]) -> str:
    """What the files of an image's pictures are called by: nothing that another image of the data set may be called.

    Args:
        index: Of the image.
        image_paths: Of the whole data set, as it has them.

    Returns:
        The image's file name without ending; led by folders, then with its ending, as far as others share it.
    """
    names = _names(image_paths[index])
    flat = (path.replace("/", "-") for path in image_paths)  # of millions few are like this one
    similar = [image_paths[k] for k, name in enumerate(flat) if k != index and names[0] in name]
    others = {name for path in similar for name in _names(path) if name in names}
    return next((name for name in names if name not in others), f"{names[-1]}-{index}")


def _names(path: str) -> list[str]:
    """Ever longer names of an image: ``1``, ``a-1``, ``a-1.jpg`` for ``a/1.jpg``."""
    parts = posixpath.splitext(path)[0].split("/")
    return [*("-".join(parts[-size:]) for size in range(1, len(parts) + 1)), path.replace("/", "-")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw one image; see :data:`HELP`.

    Args:
        arguments: Without the program's name; None for those of this process.

    Returns:
        The exit code.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if {"-h", "--help"} & set(given):
        print(HELP, end="")
        return 0
    try:
        written, said = write_pictures(request(given))
    except AssignStudyError as error:
        print(f"assignstudy: {error}", file=sys.stderr)
        return 1
    print("\n".join(said))
    if not written:
        print("There is nothing to draw: no picture file and no positive.")
        return 0
    print(f"Pictures: {len(written)} in {written[0].parent}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

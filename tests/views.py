"""Run pages' views, made by the real pipeline."""

from functools import cache

import numpy as np

from assignstudy.assign.atss import Atss
from assignstudy.assign.fcos import Fcos
from assignstudy.assign.max_iou import MaxIou
from assignstudy.assign.yolov3 import Yolov3
from assignstudy.assign.yolov3_spp import Yolov3Spp
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.datasets import read_dataset
from assignstudy.fitting.compare import compare
from assignstudy.fitting.fit import fit_to_dataset
from assignstudy.fitting.text import model_block
from assignstudy.models.loading import Demo
from assignstudy.models.study import LayerChoice, Setting
from assignstudy.models.study import study as look_into
from assignstudy.report.view import FitView, ModelView, RunView
from assignstudy.statistics import anchor_sets
from assignstudy.statistics.gallery import Wish
from assignstudy.study import Study, run, show
from assignstudy.transforms import Letterbox
from assignstudy.types import DataIssue, IssueKind
from tests.boxes import COCO_P5, make_dataset, make_levels
from tests.fitting.shapes import aerial, settings

HOSTILE = '"><script>document.title = "broken"</script>'
CHINESE = "消防车"
MATH = "$x_{1}$ & <b>"


def view_of(dataset, anchor_t=4.0, spec=COCO_P5, input_hw=(640, 640), **settings):
    """The view of one run."""
    rule = Yolov5(anchor_t)
    study = Study(dataset, rule, make_levels(spec), Letterbox(), input_hw)
    result = run(study)
    shown = {"dataset": dataset.name, "assigner": "yolov5", "anchor_t": f"{anchor_t:g}", **settings}
    provenance = {"Run key": "0123abcd", "Configuration": f"anchor_t: {anchor_t}\ndataset:\n  name: demo"}
    pictures = show(study, result, Wish(images=2))
    return RunView(
        dataset.name, result.tables, rule.facts, result.input_hw, shown, provenance, result.notices, pictures
    )


@cache
def demo_view(anchor_t=4.0):
    """The embedded data set, smaller than by default."""
    return view_of(read_dataset("demo", {"images": 40}), anchor_t)


@cache
def empty_view():
    """Images without a single box."""
    return view_of(make_dataset([], [], [(64, 64)] * 2))


@cache
def one_anchor_view():
    """One level with one anchor."""
    dataset = make_dataset([0, 0], [(0.5, 0.5, 0.1, 0.1), (0.2, 0.2, 0.5, 0.02)], [(640, 640)])
    return view_of(dataset, spec=((16, [(30, 61)]),))


@cache
def crowded_view():
    """A threshold beyond the decoder's reach, and boxes on top of each other."""
    random = np.random.Generator(np.random.PCG64(1))
    cxcywh = np.concatenate((random.uniform(0.4, 0.6, (80, 2)), random.uniform(0.002, 0.5, (80, 2))), axis=1)
    return view_of(make_dataset([0] * 80, cxcywh, [(640, 640)], (np.arange(80) % 3).tolist()), anchor_t=6.0)


def rule_view(rule, dataset=None):
    """A data set, the embedded one for None, under another rule with its published anchors."""
    dataset = read_dataset("demo", {"images": 40}) if dataset is None else dataset
    study = Study(dataset, rule, rule.published_levels(), Letterbox(), (640, 640))
    result = run(study)
    settings = {"dataset": dataset.name, "assigner": rule.facts.name}
    pictures = show(study, result, Wish(images=2))
    return RunView(dataset.name, result.tables, rule.facts, result.input_hw, settings, {}, result.notices, pictures)


def fitted_view(dataset, rule, **changes):
    """A data set with anchors fitted to it."""
    order = settings(**changes)
    fitted = fit_to_dataset(dataset, rule, Letterbox(), (640, 640), order)
    result = run(Study(dataset, rule, fitted.levels, Letterbox(), (640, 640)))
    fit = FitView(order, anchor_sets.compute(compare(rule, fitted, order)), model_block(fitted.plain), "anchors.yaml")
    shown = {"dataset": dataset.name, "assigner": rule.facts.name, "anchors": "fit"}
    return RunView(dataset.name, result.tables, rule.facts, result.input_hw, shown, {}, fitted.notices, fit=fit)


@cache
def demo_fit_view():
    """Anchors fitted to the embedded data set."""
    return fitted_view(read_dataset("demo", {"images": 40}), Yolov5())


@cache
def aerial_fit_view(min_side_cell=0.0, strides=(8, 16, 32)):
    """Boxes so small that unbounded anchors end up below a cell."""
    wh = aerial(600) / 640
    dataset = make_dataset([0] * len(wh), np.concatenate((np.full_like(wh, 0.5), wh), axis=1), [(640, 640)])
    return fitted_view(dataset, Yolov5(), min_side_cell=min_side_cell, strides=strides, n=3 * len(strides))


@cache
def one_shape_fit_view():
    """Nine anchors fitted to boxes of one shape, by overlap."""
    return fitted_view(make_dataset([0] * 5, [(0.5, 0.5, 0.1, 0.2)] * 5, [(640, 640)]), Yolov3Spp())


@cache
def yolov3_view():
    """A threshold that decides nothing; one cell per positive."""
    return rule_view(Yolov3(0.5))


@cache
def max_iou_view():
    """Many anchors of the rule's own; no slot with two owners."""
    return rule_view(MaxIou())


@cache
def atss_view():
    """No threshold at all."""
    return rule_view(Atss())


@cache
def fcos_view():
    """Points instead of anchors."""
    return rule_view(Fcos())


def looked_at(rule, choice=None, images=2, input_hw=(192, 320)):
    """The embedded data set, its pictures shown to the embedded model."""
    dataset, choice = read_dataset("demo", {"images": 6}), choice or LayerChoice(channels=3)
    setting = Study(dataset, rule, rule.published_levels(), Letterbox(), input_hw)
    result = run(setting)
    pictures = show(setting, result, Wish(images)) if images else None
    indices = [dataset.image_paths.index(image.path) for image in pictures.gallery.images] if pictures else []
    seen = Setting(dataset, result.network_input, rule, setting.levels, result.input_hw)
    model = Demo().load(setting.levels, len(dataset.class_names))
    look = cache(lambda: look_into(model, seen, indices, choice))
    shown = ModelView("a <b> model", choice.strongest, look)
    return RunView(dataset.name, result.tables, rule.facts, result.input_hw, pictures=pictures, model=shown)


@cache
def model_view():
    """With a model whose heads give training outputs."""
    return looked_at(Yolov5())


@cache
def hostile_view():
    """Names from a stranger: markup, mathematics and another script, in classes, files, settings and issues."""
    wide = (0.5, 0.5, 0.9, 0.004)
    issue = DataIssue(f"labels/{HOSTILE}.txt", 3, IssueKind.MALFORMED, f"expected 5 values, got {HOSTILE}", False)
    dataset = make_dataset(
        [0, 1, 2, 2, 2],
        [wide, (0.5, 0.5, 0.004, 0.9), (0.4, 0.4, 0.1, 0.1), (0.4, 0.4, 0.1, 0.1), wide],
        [(640, 640)] * 3,
        class_id=[0, 1, 2, 0, 1],
        issues=(issue,),
    )
    parts = {name: getattr(dataset, name) for name in dataset.__dataclass_fields__}
    named = type(dataset)(
        **parts
        | {
            "name": HOSTILE,
            "class_names": (HOSTILE, CHINESE, MATH),
            "image_paths": tuple(sorted((f"{HOSTILE}.jpg", f"{CHINESE}.jpg", f"{MATH}.jpg"))),
        }
    )
    return view_of(named, anchors=HOSTILE)


VIEWS = {
    "demo": demo_view,
    "empty": empty_view,
    "one anchor": one_anchor_view,
    "crowded": crowded_view,
    "hostile": hostile_view,
    "demo fit": demo_fit_view,
    "aerial fit": aerial_fit_view,
    "one shape fit": one_shape_fit_view,
    "yolov3": yolov3_view,
    "max_iou": max_iou_view,
    "atss": atss_view,
    "fcos": fcos_view,
    "model": model_view,
}

"""Settings in plain values: what is refused, with which words, and what equal settings become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assignstudy.errors import ConfigError
from assignstudy.settings import (
    LONGEST_SIDE_PX,
    AnchorLevel,
    FitSettings,
    Published,
    Settings,
    anchor_levels,
    check_anchors,
    check_thresholds,
    fit_settings,
    input_hw,
    resolved,
    with_anchor_file,
)

FIT: dict[str, Any] = {"strides": [8, 16, 32], "n": None, "method": "kmeans_log", "min_side_cell": 1, "seed": 0}
ANCHORS = {"strides": [8, 16], "wh_px": [[10, 13, 16.5, 30], [30, 61]]}
LEVELS = (AnchorLevel(8, ((10.0, 13.0), (16.5, 30.0))), AnchorLevel(16, ((30.0, 61.0),)))
GROUPS: dict[str, Any] = {
    "dataset": {"name": "demo"},
    "anchors": ANCHORS,
    "assigner": {"_target_": "a.Rule", "anchor_t": None},
    "transform": {"_target_": "a.Transform"},
    "model": {"name": "none"},
    "report": {"page": True, "gallery": {"images": 8, "pick": []}},
    "tracking": {"uri": None, "experiment": None},
}
LAYERS = {"layers": None, "channels": 8, "strongest": False}
MODELS: dict[str, dict[str, Any]] = {
    "none": {"name": "none"},
    "demo": {"name": "demo", "seed": 0, **LAYERS},
    "torchscript": {"name": "torchscript", "path": "net.ts", **LAYERS},
    "custom": {"name": "custom", "_target_": "a.b", "options": {}, "weights": None, **LAYERS},
}
PUBLISHED = Published("anchor_t", 4.0, LEVELS)
CONFIG = GROUPS | {"anchor_t": None, "iou_t": None, "imgsz": 640, "device": "cpu"}


@pytest.mark.parametrize(
    ("imgsz", "expected"), [(640, (640, 640)), ([384, 640], (384, 640)), (640.0, (640, 640)), ((1, 65536), (1, 65536))]
)
def test_imgsz_is_a_side_or_height_and_width(imgsz, expected):
    assert input_hw(imgsz) == expected


@pytest.mark.parametrize(
    "imgsz",
    [
        0,
        -1,
        640.5,
        LONGEST_SIDE_PX + 1,
        10**400,
        float("nan"),
        float("inf"),
        True,
        None,
        "640",
        [640],
        [640, 0],
        [1, 2, 3],
        [],
        {"h": 1},
    ],
)
def test_any_other_imgsz_is_refused(imgsz):
    with pytest.raises(
        ConfigError, match=r"^imgsz: expected a side in pixels from 1 to 65536, or \[height,width\], got"
    ):
        input_hw(imgsz)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"device": "tpu"}, r"^device: expected cpu or cuda, got tpu"),
        ({"anchors": None}, r"^anchors: expected a choice, got None"),
        ({"dataset": {}}, r"^dataset\.name: expected the name of a format, got None"),
        ({"report": {"page": "yes"}}, r"^report: expected report\.page, true or false, and report\.gallery, got"),
        ({"report": {"page": True, "gallery": 3}}, r"^report\.gallery: expected report\.gallery\.images and"),
        (
            {"report": {"page": True, "gallery": {"images": -1, "pick": []}}},
            r"^report\.gallery\.images: expected a whole number, 0 for none, got -1",
        ),
        (
            {"report": {"page": True, "gallery": {"images": 8, "pick": "a.jpg"}}},
            r"^report\.gallery\.pick: expected file names, as in \[street-00003.png\], got a\.jpg",
        ),
        ({"model": {"name": "resnet"}}, r"^model\.name: expected one of none, demo, torchscript, custom, got resnet"),
        (
            {"model": {"name": "demo", "seed": 0}},
            r"^model\.channels: expected the entries channels, layers, name, seed,",
        ),
        ({"model": {"name": "none", "seed": 0}}, r"^model\.seed: expected the entries name for model=none"),
        ({"model": MODELS["demo"] | {"seed": -1}}, r"^model\.seed: expected a whole number from 0 up, got -1"),
        ({"model": MODELS["demo"] | {"layers": []}}, r"^model\.layers: expected a list of names, as in .*, got \[\]"),
        ({"model": MODELS["demo"] | {"layers": "a"}}, r"^model\.layers: expected a list of names, as in .*, got a"),
        (
            {"model": MODELS["demo"] | {"channels": 65}},
            r"^model\.channels: expected a whole number from 1 to 64, got 65",
        ),
        ({"model": MODELS["demo"] | {"strongest": 1}}, r"^model\.strongest: expected true or false, got 1"),
        (
            {"model": MODELS["torchscript"] | {"path": None}},
            r"^model\.path: expected the path of a TorchScript archive,",
        ),
        ({"model": MODELS["custom"] | {"_target_": None}}, r"^model\._target_: expected the dotted name of a class or"),
        ({"model": MODELS["custom"] | {"options": None}}, r"^model\.options: expected keyword arguments, as in"),
        ({"model": MODELS["custom"] | {"weights": 3}}, r"^model\.weights: expected the path of a state dict, got 3"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(change, message):
    with pytest.raises(ConfigError, match=message):
        Settings(**GROUPS | change)


def test_anchors_become_levels():
    assert anchor_levels(ANCHORS) == LEVELS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"strides": [8, 12]},
            r"^anchors\.strides: expected increasing powers of two, such as \[8,16,32\], got \[8, 12\]",
        ),
        ({"strides": [16, 8]}, r"^anchors\.strides: "),
        ({"strides": [8, 8]}, r"^anchors\.strides: "),
        ({"strides": []}, r"^anchors\.strides: "),
        ({"strides": 8}, r"^anchors\.strides: "),
        ({"strides": [8, "x"]}, r"^anchors\.strides: "),
        ({"strides": [0, 8]}, r"^anchors\.strides: "),
        ({"strides": [True, 8]}, r"^anchors\.strides: "),
        ({"strides": [8]}, r"^anchors\.wh_px: expected one list of anchors for each of 1 strides, got 2 of them"),
        ({"wh_px": None}, r"^anchors\.wh_px: expected one list of anchors for each of 2 strides, got None"),
        ({"wh_px": [[1, 2], [3]]}, r"^anchors\.wh_px\[1\]: expected width,height,.* above 0 in pixels, got \[3\]"),
        ({"wh_px": [[1, 2], []]}, r"^anchors\.wh_px\[1\]: "),
        ({"wh_px": [[1, 2], [[3, 4]]]}, r"^anchors\.wh_px\[1\]: "),
        ({"wh_px": [[1, "b"], [3, 4]]}, r"^anchors\.wh_px\[0\]: "),
        ({"wh_px": [[0, 1], [3, 4]]}, r"^anchors\.wh_px\[0\]: "),
        ({"wh_px": [[1e-50, 1], [3, 4]]}, r"^anchors\.wh_px\[0\]: "),
        ({"wh_px": [[1, float("inf")], [3, 4]]}, r"^anchors\.wh_px\[0\]: "),
        ({"wh_px": [3, [3, 4]]}, r"^anchors\.wh_px\[0\]: "),
        ({"colour": "red"}, r"^anchors\.colour: no such setting; expected strides and wh_px"),
    ],
)
def test_malformed_anchors_are_refused_by_entry(change, message):
    with pytest.raises(ConfigError, match=message):
        anchor_levels(ANCHORS | change)


def test_a_file_of_anchors_holds_the_same_two_entries(tmp_path):
    path = tmp_path / "fitted.yaml"
    path.write_text("strides: [8, 16]\nwh_px: [[10, 13, 16.5, 30], [30, 61]]\n", encoding="utf-8")
    assert anchor_levels({"path": str(path)}) == LEVELS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"strides: [8", r"expected YAML, got while parsing"),
        (b"\xff\xfe\xfa", r"expected YAML, got"),
        (b"", r"expected the entries strides and wh_px, got NoneType"),
        (b"- 8", r"expected the entries strides and wh_px, got list"),
        (b"strides: [8]", r"expected the entries strides and wh_px, got strides"),
        (b"strides: [8]\nwh_px: [[1]]", r"wh_px\[0\]: expected width,height"),
    ],
)
def test_a_broken_file_of_anchors_is_named(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    Path("fitted.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"^anchors\.path: fitted\.yaml: " + message):
        anchor_levels({"path": "fitted.yaml"})


def test_a_missing_file_of_anchors_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"^anchors\.path: .*no\.yaml: cannot be read \(No such file or directory\)"):
        anchor_levels({"path": str(tmp_path / "no.yaml")})


def test_options_left_out_are_those_of_the_publication():
    published = Published(None, None, None, {"center_sampling": False})
    left_out = CONFIG | {"assigner": {"_target_": "a.Rule", "variant": "mmdet", "center_sampling": None}}
    assert resolved(left_out, published)["assigner"] == left_out["assigner"] | {"center_sampling": False}


def test_a_threshold_left_out_is_filled_in_twice_and_equal_sizes_look_equal():
    filled = resolved(CONFIG | {"imgsz": [640, 640]}, PUBLISHED)
    assert (filled["anchor_t"], filled["assigner"]["anchor_t"], filled["iou_t"], filled["imgsz"]) == (
        4.0,
        4.0,
        None,
        640,
    )
    assert resolved(CONFIG | {"anchor_t": 3.0}, PUBLISHED)["assigner"]["anchor_t"] == 3.0
    assert resolved(CONFIG | {"imgsz": [384, 640]}, PUBLISHED)["imgsz"] == [384, 640]


def test_anchors_left_out_become_the_published_ones():
    left_out = {"strides": None, "wh_px": None}
    assert resolved(CONFIG | {"anchors": left_out}, PUBLISHED)["anchors"] == ANCHORS
    assert resolved(CONFIG | {"anchors": left_out}, Published(None, None, None))["anchors"] == left_out
    assert resolved(CONFIG | {"anchors": left_out}, None)["anchors"] == left_out
    half = {"strides": [8], "wh_px": None}
    assert resolved(CONFIG | {"anchors": half}, PUBLISHED)["anchors"] == half


def test_anchors_for_a_rule_that_brings_its_own_are_refused():
    own = Published(None, None, None)
    with pytest.raises(
        ConfigError, match=r"^anchors: assigner=atss has its own .*, got anchors=yolov4; use anchors=default$"
    ):
        check_anchors(CONFIG, "atss", "yolov4", own)
    check_anchors(CONFIG | {"anchors": {"strides": None, "wh_px": None}}, "atss", "default", own)
    check_anchors(CONFIG, "yolov5", "yolov4", PUBLISHED)


def test_resolving_changes_nothing_of_what_it_was_given():
    given = {name: dict(value) if isinstance(value, dict) else value for name, value in CONFIG.items()}
    resolved(given, PUBLISHED)
    assert given == CONFIG


def test_a_file_of_anchors_is_recorded_with_its_content(tmp_path):
    path = tmp_path / "fitted.yaml"
    path.write_text("strides: [8, 16]\nwh_px: [[10, 13, 16.5, 30], [30, 61]]\n", encoding="utf-8")
    given = CONFIG | {"anchors": {"path": str(path)}}
    assert with_anchor_file(given)["anchors"] == {"path": str(path)} | ANCHORS
    assert given["anchors"] == {"path": str(path)}
    path.unlink()
    assert with_anchor_file(given) == given
    assert with_anchor_file(CONFIG) == CONFIG


@pytest.mark.parametrize(
    "broken", [{"imgsz": -1}, {"anchors": {"path": "no.yaml"}}, {"anchors": {"strides": "x"}}, {"anchors": None}]
)
def test_resolving_leaves_what_cannot_be_used_as_it_is(broken):
    name = next(iter(broken))
    assert resolved(CONFIG | broken, PUBLISHED)[name] == broken[name]


def test_the_other_threshold_is_refused_and_the_right_one_named():
    with pytest.raises(
        ConfigError, match=r"^iou_t: assigner=yolov5 does not take it, got 0\.5; its threshold is anchor_t"
    ):
        check_thresholds({"anchor_t": 4.0, "iou_t": 0.5}, "yolov5", "anchor_t")
    with pytest.raises(ConfigError, match=r"^anchor_t: assigner=atss does not take it, got 4\.0; it has no threshold"):
        check_thresholds({"anchor_t": 4.0, "iou_t": None}, "atss", None)
    check_thresholds({"anchor_t": None, "iou_t": 0.2}, "yolov3_spp", "iou_t")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("layers", [None, ["neck.0", "neck.1"]])
def test_every_model_can_be_asked_for(name, layers):
    model = MODELS[name] | ({"layers": layers} if "layers" in MODELS[name] else {})
    assert Settings(**GROUPS | {"model": model}).model == model


def test_anchors_to_fit_are_three_per_level_if_nobody_says_how_many():
    for strides, n in (([8, 16, 32], 9), ([4, 8, 16, 32], 12)):
        anchors = resolved(CONFIG | {"anchors": FIT | {"strides": strides}}, PUBLISHED)["anchors"]
        assert fit_settings(anchors) == FitSettings(tuple(strides), n, "kmeans_log", 1.0, 0)
    assert resolved(CONFIG | {"anchors": FIT | {"n": 6}}, PUBLISHED)["anchors"]["n"] == 6
    assert resolved(CONFIG | {"anchors": FIT | {"strides": 8}}, PUBLISHED)["anchors"]["n"] is None


def test_chosen_anchors_are_not_fitted():
    assert fit_settings(ANCHORS) is None
    assert fit_settings({"path": "fitted.yaml"}) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"n": 10},
            r"^anchors\.n: expected a multiple of 3, the number of levels, up to 120, got 10; left out",
        ),
        ({"n": 0}, r"^anchors\.n: expected a multiple of 3"),
        ({"n": 3.5}, r"^anchors\.n: expected a multiple of 3"),
        ({"n": 123}, r"^anchors\.n: expected .* up to 120, got 123"),
        ({"n": "nine"}, r"^anchors\.n: expected a multiple of 3, .* got nine"),
        ({"strides": [8, 12]}, r"^anchors\.strides: expected increasing powers of two"),
        ({"strides": None}, r"^anchors\.strides: expected increasing powers of two"),
        ({"method": "luck"}, r"^anchors\.method: expected kmeans_log or evolve, got luck"),
        ({"seed": -1}, r"^anchors\.seed: expected a whole number, at least 0, got -1"),
        ({"seed": 1.5}, r"^anchors\.seed: expected a whole number"),
        ({"seed": float("inf")}, r"^anchors\.seed: expected a whole number"),
        (
            {"min_side_cell": -0.5},
            r"^anchors\.min_side_cell: expected a number of cells from 0 \(no bound\) to 64",
        ),
        ({"min_side_cell": None}, r"^anchors\.min_side_cell: expected a number of cells"),
        ({"min_side_cell": float("nan")}, r"^anchors\.min_side_cell: expected a number of cells"),
        ({"wh_px": [[1, 2]]}, r"^anchors\.wh_px: no such setting of anchors=fit; expected method, min_side_cell, n, "),
    ],
)
def test_settings_of_a_fit_that_cannot_be_used_are_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        fit_settings(FIT | {"n": 9} | changes)

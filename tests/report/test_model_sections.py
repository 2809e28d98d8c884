"""What a model adds to the run page: every picture it needs is there, once, and it says what it found in numbers."""

import re
from dataclasses import replace

import numpy as np
import pytest

from assignstudy.assign.fcos import Fcos
from assignstudy.assign.yolov5 import Yolov5
from assignstudy.errors import ModelError
from assignstudy.models.study import LayerChoice
from assignstudy.report.content import State
from assignstudy.report.render import write_run_page
from assignstudy.report.sections import build
from assignstudy.report.view import ModelView
from tests.views import looked_at, model_view


def sections(view):
    return {content.key: content for content in build(view)}


def test_each_image_has_a_mean_and_channels_for_every_level():
    plates = sections(model_view())["features"].plates
    assert [plate.title for plate in plates] == [image.path for image in model_view().pictures.gallery.images]
    for plate in plates:
        means, channels = plate.rows
        assert [picture.caption.partition(":")[0] for picture in means] == [
            f"P{3 + k}, input of heads.{k}" for k in range(3)
        ]
        assert all("the first 3 of 32 channels" in picture.caption for picture in channels)
        assert len(plate.lines) == 3


def test_the_finding_and_the_table_say_the_means():
    content = sections(model_view())["features"]
    maps = [one for picture in model_view().model.study().pictures for one in picture.maps if one.level == 0]
    inside = sum(one.inside.total for one in maps) / sum(one.inside.cells for one in maps)
    assert f"P3 {inside:.3g} against " in content.finding.sentence
    assert [cell.text for cell in content.tables[0].rows[0]][:2] == ["input of heads.0", "P3"]


def test_every_reference_on_the_page_leads_somewhere_and_no_id_comes_twice(tmp_path):
    assert write_run_page(tmp_path / "report.html", model_view()) == ()
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    assert "a <b> model" not in html
    assert "a &lt;b&gt; model" in html


def test_feature_maps_of_two_runs_are_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        write_run_page(tmp_path / name, looked_at(Yolov5()))  # each builds its model, and shows it the pictures
    one, other = ((tmp_path / name).read_bytes() for name in ("one", "other"))
    assert one.count(b"data:image/png") >= 12, "2 images x 3 levels, a mean and channels for each"
    assert one == other


def test_the_dearest_ground_truths_stand_beside_their_pictures():
    content = sections(model_view())["losses"]
    losses = np.concatenate(
        [
            one.loss.box.sum(1) + one.loss.objectness.sum(1) + one.loss.class_.sum(1)
            for one in model_view().model.study().pictures
        ]
    )
    dearest = content.crops[0]
    share = 100 * losses.max() / losses.sum()
    assert dearest.why == f"{share:.1f}".rstrip("0").rstrip(".") + " % of the loss."
    assert "#gallery-photo-" in dearest.svg
    shown = [cell.text for cell in (row[5] for row in content.tables[0].rows)]
    numbers = [float(text.split()[0]) for text in shown]
    assert numbers == sorted(numbers, reverse=True)


def test_points_have_maps_and_no_loss():
    content = sections(looked_at(Fcos(), LayerChoice(channels=2, strongest=True)))
    assert "the 2 strongest of 32 channels" in content["features"].plates[0].rows[1][0].caption
    assert content["losses"].finding.sentence == "No loss is built in for FCOS."
    assert content["losses"].crops == content["losses"].tables == ()


def test_without_images_the_sections_say_so():
    content = sections(looked_at(Yolov5(), images=0))
    for key in ("features", "losses"):
        assert content[key].error == ""
        assert content[key].finding.sentence.startswith("No picture of this run can be shown to the model; report.")


def test_a_model_that_does_not_fit_is_said_once_and_costs_no_other_section(tmp_path):
    def study_pictures():
        raise ModelError("model.layers: neck: expected a grid")

    broken = replace(model_view(), model=ModelView("a", False, study_pictures))
    problems = write_run_page(tmp_path / "report.html", broken)
    assert problems == ("section “Feature maps”: ModelError: model.layers: neck: expected a grid",)
    assert sections(broken)["losses"].finding.state is State.ACT


def test_without_a_model_there_are_no_such_sections():
    assert not {"features", "losses"} & sections(replace(model_view(), model=None)).keys()


@pytest.mark.parametrize("images", [1, 2])
def test_only_the_first_image_is_unfolded(images):
    plates = sections(looked_at(Yolov5(), images=images))["features"].plates
    assert [plate.folded for plate in plates] == [number > 0 for number in range(images)]

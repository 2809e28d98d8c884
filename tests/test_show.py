"""The command that draws one image: its files, its words, its refusals."""

import pytest
from PIL import Image

from assignstudy import show
from assignstudy.datasets.pictures import open_picture
from assignstudy.errors import ConfigError


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_image_of_the_built_in_data_set(here, capsys):
    arguments = ["image=street-00001.png", "dataset.images=3", "format=png,svg", "dpi=50", "imgsz=[384,640]"]
    assert show.main(arguments) == 0
    (folder,) = (here / "outputs" / "pictures" / "street-00001").iterdir()
    assert folder.name.startswith("yolov5-")
    names = {path.name for path in folder.iterdir()}
    assert {"street-00001-original.png", "street-00001-input.svg", "street-00001-P3-cells-grid.png"} <= names
    assert open_picture(folder / "street-00001-original.png").width == 241
    said = capsys.readouterr().out
    assert " 1: " in said
    assert said.endswith(f"Pictures: {len(names)} in {folder.relative_to(here)}\n")


def test_each_setting_has_a_folder_of_its_own(here):
    for rule in ("yolov5", "fcos"):
        assert show.main(["image=street-00001.png", "dataset.images=3", "dpi=20", f"assigner={rule}"]) == 0
    folders = {folder.name.partition("-")[0]: folder for folder in (here / "outputs/pictures/street-00001").iterdir()}
    assert set(folders) == {"yolov5", "fcos"}
    assert not [path for path in folders["yolov5"].iterdir() if "P6" in path.name]


def test_every_rule_can_be_chosen(here):
    arguments = ["image=street-00001.png", "dataset.images=3", "dpi=20", "assigner=fcos", "out=fcos", "imgsz=320"]
    assert show.main(arguments) == 0
    assert any("anchors-grid" in path.name for path in (here / "fcos").iterdir())


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (("a/1.jpg", "a/2.jpg"), ["1", "2"]),
        (("a/1.jpg", "b/1.jpg", "b/2.jpg"), ["a-1", "b-1", "2"]),
        (("a/x/1.jpg", "b/x/1.jpg"), ["a-x-1", "b-x-1"]),
        (("1.jpg", "1.png"), ["1.jpg", "1.png"]),
        (("1.jpg", "b/1.jpg"), ["1.jpg", "b-1"]),
        (("a-1.jpg", "a/1.jpg", "b/1.jpg"), ["a-1.jpg-0", "a-1.jpg-1", "b-1"]),
    ],
)
def test_no_two_images_of_a_data_set_have_files_of_one_name(paths, names):
    assert [show.file_name(index, paths) for index in range(len(paths))] == names


def test_two_images_of_one_file_name_have_files_of_their_own(here):
    for folder in ("a", "b"):
        (here / "images" / folder).mkdir(parents=True)
        (here / "labels" / folder).mkdir(parents=True)
        Image.new("RGB", (64, 48)).save(here / "images" / folder / "1.png")
        (here / "labels" / folder / "1.txt").write_text("0 0.5 0.5 0.5 0.5\n", encoding="utf-8")
    (here / "data.yaml").write_text("path: .\ntrain: images\nval: images\nnames: [thing]\n", encoding="utf-8")
    data = ["dataset=yolo", "dataset.data=data.yaml", "dpi=20", "imgsz=64"]
    for folder in ("a", "b"):
        assert show.main([f"image={folder}/1.png", "out=pictures", *data]) == 0
    assert {"a-1-original.png", "b-1-original.png"} <= {path.name for path in (here / "pictures").iterdir()}


def test_help_is_said_and_nothing_done(here, capsys):
    assert show.main(["--help"]) == 0
    assert "image=street-00003.png" in capsys.readouterr().out
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], r"^image: expected the path or name of an image of the data set, got none; add image=…$"),
        (["image=a", "format=bmp"], r"^format: expected some of png, svg, pdf, got bmp$"),
        (["image=a", "dpi=0"], r"^dpi: expected a number from 10 to 2400, got 0$"),
        (["image=a", "image=b"], r"^image: expected one value, got a and b; call it once for each$"),
        (["image=a", "dpi=x"], r"^dpi: expected a number from 10 to 2400, got x$"),
    ],
)
def test_what_cannot_be_used_is_named(arguments, message):
    with pytest.raises(ConfigError, match=message):
        show.request(arguments)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("image=street-9.png", "image: no such image, got street-9.png; did you mean street-0000"),
        ("image=dog.png", "image: no such image, got dog.png; the data set has 3, such as street-00000.png"),
        ("-m", "-m: expected key=value only, this command draws one image under one setting; call it once per setting"),
        ("anchor_t=3,4", "anchor_t=3,4: expected one value, as this command takes one setting"),
        ("anchor_t=0.5", "anchor_t: expected a number above 1"),
        ("nonsense=1", "nonsense: no such setting"),
        ("out=/dev/null/x", "out: expected a folder that can be written to, got /dev/null/x"),
    ],
)
@pytest.mark.usefixtures("here")
def test_an_error_is_one_sentence_and_exit_code_1(capsys, setting, sentence):
    image = [] if setting.startswith("image=") else ["image=street-00001.png"]
    assert show.main([*image, "dataset.images=3", setting]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"assignstudy: {sentence}")
    assert error.count("\n") == 1

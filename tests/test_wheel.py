"""A wheel, built here, installed elsewhere and run from a third place: it brings all that it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def run(*command: str | Path, folder: Path) -> str:
    """What a command printed; fails with all of it if the command does."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([*map(str, command)], cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, folder=REPOSITORY)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of programs of a copy of this environment with the wheel in it, and no way back to the checkout.

    A path file lends the copy this environment's libraries. Path files among those are not followed, so that an
    editable installation of the checkout stays out of reach.
    """
    home = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", home, folder=home)
    programs = home / Path(sysconfig.get_path("scripts")).name
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    libraries = Path(run(programs / "python", "-c", where, folder=home).strip())
    lent = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (libraries / "lent.pth").write_text("\n".join(lent), encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install")
    run(*pip, "--no-deps", "--no-index", "--ignore-installed", "--quiet", wheel, folder=home)
    return programs


def test_the_wheel_carries_configuration_templates_and_type_marker(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    inside = {"assignstudy/_conf/config.yaml", "assignstudy/_templates/style.css", "assignstudy/py.typed"}
    assert inside <= names
    metadata = "-".join(wheel.name.split("-")[:2]) + ".dist-info"
    assert {name.split("/")[0] for name in names} == {"assignstudy", metadata}


def test_what_is_installed_is_read_from_the_installation(installed, tmp_path):
    code = "import assignstudy.resources as r; print(r.resource('conf'), r.resource('templates'), sep='\\n')"
    printed = run(installed / "python", "-c", code, folder=tmp_path)
    folders = [Path(line) for line in printed.splitlines()]
    assert [folder.name for folder in folders] == ["_conf", "_templates"]
    assert all(folder.is_relative_to(installed.parent.resolve()) for folder in folders)


def test_the_command_explains_itself(installed, tmp_path):
    assert "anchor_t" in run(installed / "assignstudy", "--help", folder=tmp_path)


def test_a_run_from_another_folder_leaves_its_page_there(installed, tmp_path):
    run(installed / "assignstudy", "dataset.images=10", folder=tmp_path)
    (page,) = tmp_path.glob("outputs/runs/*/*/report.html")
    assert "<h1" in page.read_text(encoding="utf-8")
    assert (page.parent / "run.json").is_file()

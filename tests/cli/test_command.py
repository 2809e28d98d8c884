"""The command as a whole: its help, its options, and searches."""

from __future__ import annotations

import subprocess
import sys

import pytest
from omegaconf import OmegaConf

from assignstudy import record
from tests.cli.commands import REPOSITORY, SMALL, last_record, start


def test_help_explains_and_loads_no_heavy_library(tmp_path):
    script = (
        "import sys\nfrom assignstudy.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n"
        "    print(stop.code, *{'torch', 'pandas', 'pyarrow', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    *help_text, loaded = done.stdout.splitlines()
    assert loaded == "0"
    assert "python -m assignstudy -m anchor_t=3,4,5 imgsz=320,640" in "\n".join(help_text)
    assert max(map(len, help_text)) <= 120
    assert not list(tmp_path.iterdir())


def test_the_help_names_every_choice(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        command("--help")
    text = capsys.readouterr().out
    for group in ("anchors", "assigner", "dataset", "experiment", "report", "tracking", "transform"):
        choices = sorted(path.stem for path in (REPOSITORY / "conf" / group).glob("*.yaml"))
        assert f"{group}: {', '.join(choices)}" in text


def test_the_settings_can_be_shown_without_a_run(command, tmp_path):
    outcome = command("--cfg", "job", "anchor_t=3")
    assert outcome.code == 0
    assert "anchor_t: 3.0\n" in outcome.out
    assert not list(tmp_path.iterdir())


def test_an_unknown_option_is_a_usage_error(command):
    with pytest.raises(SystemExit, match="2"):
        command("--nope")


def test_a_search_goes_by_the_objective(tmp_path):
    settings = ("dataset.images=12", "report=none", "hydra.sweeper.n_trials=4", "objective=bpr - 0.01*unmatched")
    process = start(tmp_path, "experiment=search", *settings, warnings="default")  # Optuna 2 has some
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "Page: " in out
    (folder,) = tmp_path.glob("outputs/sweeps/*/*")
    runs = [record.read_record(folder / key) for key in record.read_manifest(folder).runs]
    assert 1 <= len(runs) <= 4
    best = OmegaConf.load(folder / "optimization_results.yaml")
    values = {
        (run.config["anchor_t"], run.config["imgsz"]): run.metrics["bpr"] - 0.01 * run.metrics["unmatched"]
        for run in runs
    }
    assert best.best_value == pytest.approx(max(values.values()), abs=1e-12)
    assert values[best.best_params.anchor_t, best.best_params.imgsz] == pytest.approx(best.best_value, abs=1e-12)
    assert record.read_manifest(folder).direction == "maximize"
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "By the objective of the search, bpr - 0.01*unmatched (maximized), " in page
    assert '<th scope="col" class="num">objective</th>' in page


UNBOUNDED = ("assigner=atss", "objective=-unreachable", "~hydra.sweeper.params.anchor_t", "dataset.images=2")


@pytest.mark.parametrize(
    ("settings", "why"),
    [(("dataset.images=0",), "\n"), (UNBOUNDED, ", because unreachable is undefined there\n")],
    ids=["failed", "undefined"],
)
def test_a_search_without_any_objective_says_so_and_still_has_a_page(tmp_path, settings, why):
    usual = ("report=none", "hydra.sweeper.n_trials=2")
    process = start(tmp_path, "experiment=search", *usual, *settings, warnings="default")
    out, err = process.communicate()
    assert process.returncode == 1
    assert f"the search ends without a best run: no run came to an objective{why}" in err
    assert "Traceback" not in err
    assert "Page: " in out


def test_the_objective_does_not_name_the_run(command, tmp_path):
    assert command(*SMALL, "objective=unmatched").code == 0
    assert command("-m", *SMALL, "objective=bpr").code == 0
    (sweep,) = tmp_path.glob("outputs/sweeps/*/*")
    assert record.read_manifest(sweep).runs == [last_record(tmp_path).run_key]


@pytest.mark.parametrize("name", ["anchor_sets", "full", "image_sizes", "rules", "thresholds"])
def test_every_named_sweep_runs(command, tmp_path, name):
    outcome = command(f"experiment={name}", "dataset.images=3", "report=none")
    assert outcome.code == 0, outcome.err
    (sweep,) = tmp_path.glob("outputs/sweeps/*/*")
    assert (sweep / "index.html").is_file()
    assert len(record.read_manifest(sweep).runs) >= 4

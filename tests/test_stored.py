"""What counts as a sweep on disk, and what is said about the rest."""

import pytest

from assignstudy import record
from assignstudy.errors import RecordError
from assignstudy.stored import find_sweep
from tests.stored_runs import store, store_failed, store_manifest, street


@pytest.fixture(scope="module")
def boxes():
    return street(boxes=20)


def test_runs_come_as_launched_and_the_others_are_unfinished(tmp_path, boxes):
    runs = [store(tmp_path, boxes, anchor_t=t) for t in (5.0, 3.0)]
    failed = store_failed(tmp_path, "broken")
    found = find_sweep(store_manifest(tmp_path, "0000000000", *runs, failed, "1111111111"))
    assert [run.folder for run in found.runs] == [*runs, failed]
    assert found.unfinished == ("0000000000", "1111111111")
    assert (found.notices, found.damage) == ((), ())


def test_a_run_that_the_manifest_does_not_list_is_named(tmp_path, boxes):
    kept, stranger = (store(tmp_path, boxes, anchor_t=t) for t in (3.0, 4.0))
    found = find_sweep(store_manifest(tmp_path, kept))
    assert [run.folder for run in found.runs] == [kept]
    assert found.notices == (f"Left out, because sweep.json does not list them: {stranger.name}.",)


def test_a_broken_record_costs_one_run(tmp_path, boxes):
    broken, kept = (store(tmp_path, boxes, anchor_t=t) for t in (3.0, 4.0))
    (broken / record.RECORD_FILE).write_text("[]", encoding="utf-8")
    found = find_sweep(store_manifest(tmp_path, broken, kept))
    assert [run.folder for run in found.runs] == [kept]
    assert "expected schema version 1" in found.damage[0]


def test_a_broken_manifest_costs_the_order(tmp_path, boxes):
    runs = [store(tmp_path, boxes, anchor_t=t) for t in (3.0, 4.0)]
    (tmp_path / record.MANIFEST_FILE).write_text("{", encoding="utf-8")
    found = find_sweep(tmp_path)
    assert [run.folder for run in found.runs] == sorted(runs)
    assert found.damage[0].startswith("All runs in the folder are shown: ")


def test_other_files_and_folders_do_not_matter(tmp_path, boxes):
    run = store(tmp_path, boxes)
    (tmp_path / "notes").mkdir()
    (tmp_path / "multirun.yaml").write_text("", encoding="utf-8")
    assert [one.folder for one in find_sweep(tmp_path).runs] == [run]


def test_says_what_is_no_sweep(tmp_path, boxes):
    with pytest.raises(RecordError, match=r"missing: expected the folder of a sweep, found none"):
        find_sweep(tmp_path / "missing")
    with pytest.raises(RecordError, match=r"expected a sweep \(sweep\.json and .*\), found no run in it"):
        find_sweep(tmp_path)
    with pytest.raises(RecordError, match=r"expected the folder of a sweep, found a single run"):
        find_sweep(store(tmp_path, boxes))

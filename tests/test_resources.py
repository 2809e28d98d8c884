import pytest

from assignstudy.resources import resource


def test_a_checkout_is_read_in_place():
    assert (resource("conf") / "config.yaml").is_file()
    assert list(resource("templates").glob("*.j2"))


def test_the_packages_own_folder_wins_over_one_beside_it(tmp_path):
    inside, beside = tmp_path / "package" / "_conf", tmp_path / "conf"
    inside.mkdir(parents=True)
    beside.mkdir()
    assert resource("conf", tmp_path / "package") == inside


def test_a_broken_installation_says_where_it_looked(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"conf: expected a folder .*_conf .*found neither; install"):
        resource("conf", tmp_path / "package")

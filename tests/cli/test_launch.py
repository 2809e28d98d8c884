"""A command that is stopped."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest
from omegaconf import OmegaConf

from assignstudy.__main__ import start
from tests.cli.commands import SMALL


@pytest.fixture
def swallowed() -> Iterator[str]:
    """A setting whose value presses Ctrl-C and loses the interrupt on its way out, as OmegaConf's clean-up can."""

    def press() -> str:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise AttributeError("half-built") from None
        return "nothing"

    OmegaConf.register_new_resolver("press_ctrl_c", press)
    yield "${press_ctrl_c:}"
    OmegaConf.clear_resolver("press_ctrl_c")


@pytest.mark.parametrize("key", ["hydra.run.dir", "anchor_t", "+x"])
def test_a_stop_whose_interrupt_got_lost_is_a_stop_and_no_failure(command, tmp_path, swallowed, key):
    outcome = command(f"{key}={swallowed}", *SMALL)
    assert (outcome.code, outcome.err) == (130, "assignstudy: stopped\n")
    assert not list(tmp_path.rglob("run.json"))


def test_the_handlers_of_signals_are_put_back(command):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    command("anchor_t=abc")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_stop_while_libraries_load_is_one_sentence(monkeypatch, capsys):
    class Impatient:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "assignstudy.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "assignstudy.cli")
    monkeypatch.setattr(sys, "meta_path", [Impatient(), *sys.meta_path])
    assert start() == 130
    assert capsys.readouterr().err == "assignstudy: stopped\n"

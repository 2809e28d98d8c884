"""From what was typed to the order of a run, and what Hydra must know for that: the schema and two resolvers."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, cast

import hydra
import yaml
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from assignstudy import record
from assignstudy.cli.checking import built, check, check_anchor_keys_of, published_by
from assignstudy.cli.sentences import sentence_of
from assignstudy.errors import ConfigError
from assignstudy.resources import resource
from assignstudy.settings import Config, Settings, options_of_fit, resolved, with_anchor_file

if TYPE_CHECKING:
    from assignstudy.assign.rule import Rule
    from assignstudy.order import Order
    from assignstudy.transforms import Transform


def composed(overrides: Sequence[str]) -> tuple[Order, Rule, Transform]:
    """One setting from overrides as the command takes them, without running it.

    Args:
        overrides: ``key=value`` each.

    Returns:
        The order, which has no folder, and what its rule and transform groups describe.

    Raises:
        ConfigError: Naming the first setting that cannot be used.
    """
    from assignstudy.order import Order

    try:
        with hydra.initialize_config_dir(str(resource("conf")), version_base="1.3"):
            cfg = hydra.compose("config", list(overrides), return_hydra_config=True)
        choices = _choices(cfg.hydra.runtime.choices)
        config = with_anchor_file(_resolved(cfg))
        order = Order(Path(), record.run_key(config, choices), config, choices, tuple(overrides))
        with open_dict(cfg):
            del cfg.hydra
        check_anchor_keys_of(cfg)
        check(cfg, order)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError) as error:
        one_only = "expected one value, as this command takes one setting (a list is written [1,2])"
        raise ConfigError(sentence_of(error, one_only)) from error
    return order, built("assigner", config["assigner"]), built("transform", config["transform"])


def order_of(cfg: DictConfig) -> Order:
    """The order of the run that Hydra calls for, settings that cannot be used included."""
    from assignstudy.order import Order

    known = HydraConfig.get()
    config, choices = _resolved(cfg), _choices(known.runtime.choices)
    folder = Path(known.runtime.output_dir)
    key = record.run_key(config, choices)
    number = None if OmegaConf.is_missing(known.job, "num") else int(known.job.num)
    unused = _options_of_fit(cfg)
    typed = as_typed(known.overrides.task)
    overrides = tuple(one for one in typed if one.lstrip("+").partition("=")[0] not in unused)
    notices = tuple(f"{name}: belongs to anchors=fit; anchors={choices['anchors']} does without" for name in unused)
    return Order(folder, key, with_anchor_file(config), choices, overrides, number, notices=notices)


def _options_of_fit(cfg: DictConfig) -> list[str]:
    """Settings of a fit beside anchors that are given, as typed; in a sweep over both they are there for the others."""
    anchors = cfg.get("anchors")
    return [f"anchors.{name}" for name in sorted(options_of_fit(anchors))] if isinstance(anchors, DictConfig) else []


def typed_options() -> Set[str]:
    """The settings of anchors that were typed."""
    typed = (one.lstrip("+").partition("=")[0] for one in as_typed(HydraConfig.get().overrides.task))
    return {name.removeprefix("anchors.") for name in typed if name.startswith("anchors.")}


def as_typed(overrides: Sequence[str]) -> tuple[str, ...]:
    """Settings as the user wrote them, ``${…}`` included."""
    return tuple(map(str, cast("list[object]", OmegaConf.to_container(overrides, resolve=False))))


def _choices(choices: Mapping[str, str | None]) -> dict[str, str]:
    """The choices of our own groups."""
    return {name: choice for name, choice in choices.items() if choice is not None and not name.startswith("hydra/")}


def _resolved(cfg: DictConfig) -> Config:
    """The configuration in plain values with everything filled in, as far as it can be used."""
    settings = copy.deepcopy(cfg)
    with read_write(settings), open_dict(settings):
        settings.pop("hydra", None)
    try:
        plain = OmegaConf.to_container(settings, resolve=True)
    except OmegaConfBaseException:  # check says what is wrong
        plain = OmegaConf.to_container(settings, resolve=False)
    config: Config = dict.fromkeys(entry.name for entry in fields(Settings)) | cast("Config", plain)
    published = None
    with suppress(ConfigError):
        published = published_by(config["assigner"])
    return resolved(config, published)


def _register() -> None:
    """Make the schema and the resolvers known to Hydra."""
    ConfigStore.instance().store(name="schema", node=Settings)
    # Hydra refuses settings that a choice does not know before anybody can say whose they are. Those of anchors are let
    # in, so that -m anchors=coco_p5,fit anchors.n=6 can be meant for the second, and refused by settings.py instead.
    anchors = DictConfig({}, flags={"struct": False})
    ConfigStore.instance().store(name="open_anchors", node=DictConfig({"anchors": anchors}))
    OmegaConf.register_new_resolver("assignstudy.unique_id", _unique_id, use_cache=True, replace=True)
    OmegaConf.register_new_resolver("assignstudy.run_key", _run_key, replace=True)


def _unique_id() -> str:
    """Four hexadecimal digits that keep two commands started in the same second apart."""
    return secrets.token_hex(2)


def _run_key(*, _root_: DictConfig) -> str:
    """Name of a run's folder in its sweep. It never fails: a wrong setting is the run's failure, not the sweep's."""
    return record.run_key(_resolved(_root_), _choices(_root_.hydra.runtime.choices))


_register()

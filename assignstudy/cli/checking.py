"""Settings as composed: which cannot be used, and the objects that they describe."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Set
from contextlib import suppress
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from assignstudy.cli.sentences import nearest, sentence_of_setting
from assignstudy.errors import ConfigError, ModelError, told
from assignstudy.settings import (
    THRESHOLDS,
    Config,
    Published,
    Settings,
    check_anchor_keys,
    check_anchors,
    check_thresholds,
)

if TYPE_CHECKING:
    from assignstudy.assign.rule import Rule
    from assignstudy.order import Order


def check(cfg: DictConfig, order: Order) -> None:
    """Refuse settings that cannot be used.

    Raises:
        ConfigError: Naming the first of them.
    """
    from assignstudy import objective, tracking

    known = [entry.name for entry in fields(Settings)]
    for name in map(str, cfg.keys() - set(known)):  # "+name=value" adds an entry without asking the schema
        raise ConfigError(f"{name}: no such setting; {nearest(name, known)}")
    for name in (name for name in known if name not in cfg):  # "~name" takes an entry away
        raise ConfigError(f"{name}: expected a setting, got none; leave ~{name} out")
    try:
        OmegaConf.to_object(cfg)
    except OmegaConfBaseException as error:
        raise ConfigError(sentence_of_setting(error)) from error
    objective.weights(order.config["objective"])
    tracking.check(order.config["tracking"])
    published = published_by(order.config["assigner"])
    taken = published.threshold_name
    # As text: a threshold of nan differs from itself, and is refused for what it is where the rule is set up.
    if taken is not None and str(cfg.assigner[taken]) != str(cfg[taken]):
        got = cfg.assigner[taken]
        raise ConfigError(f"assigner.{taken}: stands at the top level, got {got}; write {taken}={got}")
    check_thresholds(order.config, order.choices["assigner"], taken)
    check_anchors(order.config, order.choices["assigner"], order.choices["anchors"], published)


def check_anchor_keys_of(cfg: DictConfig, meant_for_others: Set[str] = frozenset()) -> None:
    """Refuse settings of anchors that the choice does not know, see :func:`assignstudy.settings.check_anchor_keys`.

    Args:
        cfg: The configuration as composed.
        meant_for_others: Settings that another run of the sweep takes.

    Raises:
        ConfigError: Naming the first of them.
    """
    anchors = cfg.get("anchors")
    if isinstance(anchors, DictConfig):  # else the schema says what is wrong
        check_anchor_keys(anchors, meant_for_others)


def published_by(assigner: Mapping[str, Any] | None) -> Published:
    """What the publication of the rule that is set up so says of settings left out.

    Raises:
        ConfigError: If there is no such rule, or it cannot be set up so whatever its threshold.
    """
    from assignstudy.assign.levels import plain_levels

    name = _rule_class(assigner).threshold_name
    rule: Rule = built("assigner", {**(assigner or {}), **({name: None} if name else {})})
    levels = plain_levels(rule.published_levels()) if rule.takes_anchors else None
    return Published(name, rule.published_threshold, levels, rule.options)


def _rule_class(assigner: Mapping[str, Any] | None) -> type[Rule]:
    from assignstudy.assign.rule import Rule

    path = str((assigner or {}).get("_target_"))
    with suppress(ImportError, AttributeError, ValueError):
        found = pkgutil.resolve_name(path)
        if isinstance(found, type) and issubclass(found, Rule):
            return found
    raise ConfigError(f"assigner._target_: expected the class of a rule, got {path}")


def built(group: str, options: Config) -> Any:
    """The object that a group describes; the one place that creates objects from a configuration."""
    try:
        return instantiate(options)
    except InstantiationException as error:
        if isinstance(error.__cause__, ConfigError):
            raise ConfigError(_with_group(group, options, str(error.__cause__))) from error
        cause = error.__cause__
        is_call = group == "model" and "in call to target" in str(error)
        if is_call and cause and not isinstance(cause, TypeError):  # a TypeError is mostly about options
            target = options["_target_"]
            raise ModelError(f"model._target_: expected a torch.nn.Module from {target}, got {told(cause)}") from error
        raise ConfigError(f"{group}: expected options that fit, got {options}: {cause}") from error


def _with_group(group: str, options: Config, sentence: str) -> str:
    """The sentence beginning with the setting as it is typed: the object knows its options, not whose they are."""
    key = sentence.partition(":")[0]
    return f"{group}.{sentence}" if key in options and key not in THRESHOLDS else sentence

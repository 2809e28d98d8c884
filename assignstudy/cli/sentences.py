"""What goes wrong before a run, in one sentence each: Hydra's own errors are several lines long."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterable

from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)

from assignstudy.settings import Settings
from assignstudy.untrusted import printable

NEEDS_PREDICTIONS = {
    f"assigner/{name}": f"assigner: {title} decides by the network's predictions, and a study has labels only, got "
    f"{name}; take a rule that needs no network, such as assigner=yolov5 or assigner=atss"
    for name, title in (("simota", "SimOTA"), ("ota", "OTA"), ("tal", "TAL (task-aligned assignment)"))
}
EXTRAS = {
    "hydra/sweeper/optuna": "optuna",
    "hydra/launcher/joblib": "joblib",
    "hydra/launcher/submitit_local": "submitit",
    "hydra/launcher/submitit_slurm": "submitit",
    "hydra/launcher/ray": "ray",
}
"""Choices that another package brings, and the extra that installs it."""
TYPE_WORDS = {"float | None": "a number", "str": "a word"}
"""How to say the types of :class:`assignstudy.settings.Settings`."""


def say(sentence: str) -> None:
    """Tell the user, apart from what a command prints as its result."""
    print(f"assignstudy: {printable(sentence)}", file=sys.stderr)


def sentence_of(
    error: Exception, about_several: str = "several values make a sweep; add -m (a list is written [1,2])"
) -> str:
    """What is wrong with the command, beginning with the key."""
    text = " ".join(str(error).split())
    several = re.search("(?:Ambiguous value for argument|Sweep parameters) '(.+?)'", text)
    match error, error.__cause__:
        case (OmegaConfBaseException() as wrong, _) | (_, OmegaConfBaseException() as wrong):
            sentence = sentence_of_setting(wrong)
        case OverrideParseException(override=override), _:
            reason = text.partition(" See https")[0]
            sentence = f"{override}: expected key=value, lists as [1,2], special characters in quotes, got: {reason}"
        case MissingConfigException(missing_cfg_file=str(file)), _ if file in NEEDS_PREDICTIONS:
            sentence = NEEDS_PREDICTIONS[file]
        case MissingConfigException(missing_cfg_file=str(file)), _ if file in EXTRAS:
            group, _, choice = file.rpartition("/")
            sentence = f'{group}={choice}: needs an extra; pip install "assignstudy[{EXTRAS[file]}]"'
        case MissingConfigException(missing_cfg_file=str(file), options=[*choices]), _:
            group, _, choice = file.rpartition("/")
            sentence = f"{group}: no such choice, got {choice}; {nearest(choice, choices)}"
        case ValueError(), _:
            sentence = (
                f"expected the name of a choice behind a group, as in anchors=coco_p5; --help lists them ({text})"
            )
        case _ if several:
            sentence = f"{several[1]}: {about_several}"
        case _:
            sentence = text.partition(" Config search path:")[0]
    return sentence


def sentence_of_setting(error: OmegaConfBaseException) -> str:
    """What is wrong with one setting, beginning with its key."""
    key, first_line = error.full_key or "settings", str(error).partition("\n")[0]
    if isinstance(error, ConfigAttributeError | ConfigKeyError):
        return f"{key}: no such setting; {nearest(str(error.key), error.parent_node or ())}"
    if isinstance(error, MissingMandatoryValue):
        return f"{key}: expected a value, got none; add {key}=… to the command"
    if isinstance(error, ValidationError) and (expected := TYPE_WORDS.get(Settings.__annotations__.get(key, ""))):
        return f"{key}: expected {expected}, got {error.value}"
    return f"{key}: {first_line}"


def nearest(word: str, words: Iterable[object]) -> str:
    """What to write instead of a word that is none of the known ones."""
    known = [str(one) for one in words if one not in ("hydra", "_target_")]
    near = difflib.get_close_matches(word, known, n=1)
    if near or not known:
        return f"did you mean {near[0]}?" if near else "leave it out"
    return f"expected one of {', '.join(known)}"

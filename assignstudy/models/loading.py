"""Where a model comes from: the embedded one, a TorchScript archive, or a function of the user's own.

Two kinds of files are opened here. Weights are read with ``weights_only``: tensors and nothing else, so that a pickle
which would run code is refused. A TorchScript archive *is* a program; whoever opens one runs what its author wrote.
"""

from __future__ import annotations

import pickle
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.torch_version import TorchVersion

from assignstudy.errors import ModelError
from assignstudy.models.demo import DemoPyramid
from assignstudy.types import PyramidLevel

SAFE_SINCE = "2.10"
"""First release of PyTorch in which ``weights_only`` holds what it promises: up to 2.5.1 a crafted file runs code all
the same (CVE-2025-32434), up to 2.9.1 it corrupts memory (CVE-2026-24747)."""

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which checkpoints keep their weights, where the file holds more than those."""


class ModelSource(ABC):
    """Something that a model can be had from."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What the model is called on pages; no folder in it."""

    @abstractmethod
    def load(self, levels: Sequence[PyramidLevel], classes: int) -> nn.Module:
        """The model, in evaluation mode.

        Args:
            levels: The detection scales of the run.
            classes: Number of classes of the data set.

        Raises:
            ModelError: It cannot be had, saying why.
        """


@final
@dataclass(frozen=True)
class Demo(ModelSource):
    """The embedded pyramid, see :class:`assignstudy.models.demo.DemoPyramid`.

    Attributes:
        seed: What its weights are made from, at least 0.
    """

    seed: int = 0

    @property
    def title(self) -> str:
        """Says that it is untrained."""
        return f"the embedded pyramid, untrained, seed {self.seed}"

    def load(self, levels: Sequence[PyramidLevel], classes: int) -> nn.Module:
        """The pyramid with the run's levels, anchors and classes."""
        return DemoPyramid(levels, max(classes, 1), self.seed).eval()


@final
@dataclass(frozen=True)
class TorchScriptFile(ModelSource):
    """A TorchScript archive. It contains code: loading and running it does what its author wrote.

    Attributes:
        path: Of the file that ``torch.jit.save`` wrote.
    """

    path: str

    @property
    def title(self) -> str:
        """The file's name."""
        return Path(self.path).name

    def load(self, levels: Sequence[PyramidLevel], classes: int) -> nn.Module:
        """The archive's module, on the CPU.

        Raises:
            ModelError: There is no such file, or it is no TorchScript archive.
        """
        where = f"model.path: {self.path}"
        _check_file(where, self.path)
        try:
            with _quiet():
                module: nn.Module = torch.jit.load(self.path, map_location="cpu")
        except (RuntimeError, ValueError, OSError) as error:  # whatever its C++ reader stumbles over
            raise ModelError(
                f"{where}: expected a TorchScript archive, as torch.jit.save writes it, got another file"
                f" ({_reason(error)}); for a state dict use model=custom with model.weights"
            ) from error
        return module.eval()


@final
@dataclass(frozen=True)
class OwnModule(ModelSource):
    """What a function or class of the user's own returns, with weights from a file where one is named.

    Attributes:
        target: Its dotted name.
        build: Calls it.
        weights: Path of a state dict, or None.
    """

    target: str
    build: Callable[[], object]
    weights: str | None = None

    @property
    def title(self) -> str:
        """Its name, and that of the file of weights."""
        return f"{self.target}, {Path(self.weights).name}" if self.weights else self.target

    def load(self, levels: Sequence[PyramidLevel], classes: int) -> nn.Module:
        """The module, filled with the weights.

        Raises:
            ModelError: It is no module, or the weights do not fit it.
        """
        module = self.build()
        if not isinstance(module, nn.Module):
            raise ModelError(f"model._target_: expected a torch.nn.Module from {self.target}, got {type(module)}")
        if self.weights is not None:
            _fill(module, self.weights)
        return module.eval()


def model_source(settings: Mapping[str, Any], build: Callable[[dict[str, Any]], object]) -> ModelSource | None:
    """What the ``model`` group asks for.

    Args:
        settings: The group in plain values, see :func:`assignstudy.settings.check_model`.
        build: Creates an object from a ``_target_`` and its arguments.

    Returns:
        None for ``model=none``.
    """
    match settings["name"]:
        case "demo":
            return Demo(settings["seed"])
        case "torchscript":
            return TorchScriptFile(settings["path"])
        case "custom":
            target, options = settings["_target_"], settings["options"]
            return OwnModule(target, lambda: build({"_target_": target, **options}), settings["weights"])
    return None


def state_dict(path: str) -> dict[str, Tensor]:
    """The weights in a file, read without running anything that is in it.

    Args:
        path: Of a file that ``torch.save`` wrote: a state dict, or a mapping with one under a key of :data:`WRAPPERS`.

    Raises:
        ModelError: There is no such file, it holds more than tensors in plain containers, or no state dict; or PyTorch
            is too old to read it safely.
    """
    where = f"model.weights: {path}"
    _check_file(where, path)
    check_reader(str(torch.__version__))
    try:
        with _quiet():
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{where}: expected a state dict, tensors only, got a file with something else in it; opening such a"
            " pickle can run code, so it was not opened; save model.state_dict() where the model was made, or have your"
            " own _target_ load the file if you trust it"
        ) from error
    except (
        RuntimeError,
        EOFError,
        ValueError,
        OSError,
    ) as error:  # no archive, half an archive, or a TorchScript archive
        raise ModelError(
            f"{where}: expected a state dict, as torch.save(model.state_dict(), …) writes it, got another file"
            f" ({_reason(error)}); a TorchScript archive, which is code, is opened with model=torchscript"
        ) from error
    found = next((content[key] for key in WRAPPERS if isinstance(content, Mapping) and key in content), content)
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise ModelError(f"{where}: expected names with their tensors, got {type(found).__name__}; save a state dict")
    return {str(name): value for name, value in found.items()}


def check_reader(version: str) -> None:
    """Refuse to read weights with a PyTorch older than :data:`SAFE_SINCE`; that release itself is fine.

    Args:
        version: Of PyTorch.

    Raises:
        ModelError: It is too old.
    """
    if TorchVersion(version) < SAFE_SINCE:
        raise ModelError(
            f"model.weights: expected PyTorch {SAFE_SINCE} or later, where a crafted file of weights cannot run code,"
            f" got {version}; update it, or have your own _target_ load the file if you trust it"
        )


def _fill(module: nn.Module, path: str) -> None:
    weights, own = state_dict(path), module.state_dict()
    where = f"model.weights: {path}"
    for names, problem in ((own.keys() - weights.keys(), "lacks"), (weights.keys() - own.keys(), "also has")):
        if names:
            raise ModelError(
                f"{where}: expected the {len(own)} entries of the model, but the file {problem} {len(names)} of them,"
                f" such as {min(names)}; build the model that the weights were saved from"
            )
    for name, value in sorted(weights.items()):
        if value.shape != own[name].shape:
            raise ModelError(
                f"{where}: {name}: expected shape {tuple(own[name].shape)}, got {tuple(value.shape)}; build the model"
                " that the weights were saved from"
            )
    module.load_state_dict(weights)


def _check_file(where: str, path: str) -> None:
    if not Path(path).is_file():
        raise ModelError(f"{where}: expected a file, found none; a relative path counts from where you stand")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without PyTorch's advice on the format of the file, which the user has chosen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def _reason(error: Exception) -> str:
    """The first sentence of what PyTorch says, which may be long."""
    return str(error).strip().partition("\n")[0].partition(". ")[0][:100] or type(error).__name__

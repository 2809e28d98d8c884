"""What the layers of a model put out while one picture goes through it.

A Python module is read with forward hooks, which are taken off again however the forward pass ends. A TorchScript
program takes no hooks, because it runs outside Python; there the convolutions are watched as PyTorch carries them out,
and are known by their weights.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from assignstudy.errors import ConfigError, ModelError, told

Grid = tuple[int, int]
"""Rows and columns of a level."""

See = Callable[[str, object, object], None]
"""Told a layer's name, what went into it and what came out, call by call."""

_CONVOLUTIONS = (torch.ops.aten.convolution, torch.ops.aten._convolution)
_NEAR_NAMES = 4


@dataclass(frozen=True, eq=False)
class Tapped:
    """What one layer holds for one picture on one level.

    Attributes:
        layer: Its name as pages say it.
        grid: Rows and columns.
        values: (C, rows, columns) float32, on the CPU.
    """

    layer: str
    grid: Grid
    values: Tensor


def check_layers(model: nn.Module, layers: Sequence[str]) -> None:
    """Refuse names of layers that a model does not have.

    Raises:
        ConfigError: Naming the first of them and names near it.
    """
    known = layer_names(model)
    for name in layers:
        if name not in known:
            raise ConfigError(f"model.layers: expected names of layers, got {name}; {_near(name, known)}")


def layer_names(model: nn.Module) -> tuple[str, ...]:
    """The layers that can be named: every submodule; of a TorchScript program those that are convolutions."""
    if _is_program(model):
        return tuple(name for name, _ in _convolution_weights(model) if name)
    return tuple(name for name, _ in model.named_modules() if name)


def look(model: nn.Module, image: Tensor, layers: Sequence[str], grids: Iterable[Grid]) -> tuple[object, list[Tapped]]:
    """Send one picture through a model, once, without gradients, and keep what its layers hold.

    Args:
        model: In evaluation mode.
        image: (1, 3, H, W).
        layers: Names of layers, whose outputs are wanted; none for the inputs of the heads: of the last convolution
            that puts out each level's grid.
        grids: Rows and columns of every level.

    Returns:
        What the model puts out, and the values, in the order of the layers and then of the levels. A layer that is
        called several times on one level counts with its last call.

    Raises:
        ModelError: The model raises something, a layer puts out none of the levels' grids, a level has no such
            layer, or two levels have the same grid.
    """
    wanted = tuple(grids)
    if twice := [grid for number, grid in enumerate(wanted) if grid in wanted[:number]]:
        rows, columns = twice[0]
        raise ModelError(
            f"model: expected another grid on each level, got {rows} x {columns} on two, whose layers cannot be told "
            "apart; use a larger imgsz"
        )
    taps = _Named(wanted) if layers else _HeadInputs(wanted)
    with torch.no_grad(), _faults_told(model, image), watched(model, layers, taps.see):
        output = model(image)
    return output, taps.named(layers) if isinstance(taps, _Named) else taps.found()


@contextmanager
def _faults_told(model: nn.Module, image: Tensor) -> Iterator[None]:
    """What the model raises in the body, as a ModelError that names the layer it comes from."""
    with _entered(model) as inside:
        try:
            yield
        except Exception as error:  # a stranger's code may raise anything; none of it is a defect of this program
            where = f", in layer {inside[-1]}" if inside and inside[-1] else ""
            raise ModelError(
                f"model: expected a forward pass of shape {tuple(image.shape)}, got {told(error)}{where};"
                " see that the model takes such an input"
            ) from error


@contextmanager
def _entered(model: nn.Module) -> Iterator[list[str]]:
    """Names of the modules that a forward pass is in, the innermost last; nothing of a TorchScript program."""
    inside: list[str] = []
    with ExitStack() as stack:
        for name, module in () if _is_program(model) else model.named_modules():
            stack.callback(module.register_forward_pre_hook(_entering(name, inside)).remove)
            stack.callback(module.register_forward_hook(_leaving(name, inside)).remove)
        yield inside


def _entering(name: str, inside: list[str]) -> Callable[[nn.Module, Any], None]:
    return lambda _module, _given: inside.append(name)


def _leaving(name: str, inside: list[str]) -> Callable[[nn.Module, Any, Any], None]:
    def leave(_module: nn.Module, _given: Any, _made: Any) -> None:
        # What raised inside it, and was caught there, was never left.
        while inside.pop() != name:
            pass

    return leave


@contextmanager
def watched(model: nn.Module, layers: Sequence[str], see: See) -> Iterator[None]:
    """Have every call of some layers seen while the body runs, and leave the model as it was.

    Args:
        model: Any module.
        layers: Names of layers; none for all convolutions.
        see: Told of each call.
    """
    with ExitStack() as stack:
        if _is_program(model):
            stack.enter_context(_Operations(model, layers, see))
        else:
            for name, module in model.named_modules():
                if name in layers or (not layers and isinstance(module, nn.Conv2d)):
                    stack.callback(module.register_forward_hook(_hook(name, see)).remove)
        yield


def _hook(name: str, see: See) -> Callable[[nn.Module, Any, Any], None]:
    return lambda _module, given, made: see(name, given[0] if given else None, made)


class _Operations(TorchDispatchMode):
    """Sees the convolutions that PyTorch carries out, whoever asks for them."""

    def __init__(self, model: nn.Module, layers: Sequence[str], see: See) -> None:
        TorchDispatchMode.__init__(self)
        self._names = {weight.data_ptr(): name for name, weight in _convolution_weights(model)}
        self._layers, self._see = layers, see
        self._fault: Exception | None = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Carry out the operation, then tell of it."""
        try:
            made = func(*args, **(kwargs or {}))
        except Exception as error:  # of any kind: on its way out torch takes its words, so __exit__ raises it anew
            self._fault = error
            raise
        if func.overloadpacket in _CONVOLUTIONS:
            name = self._names.get(args[1].data_ptr(), "")
            if not self._layers or name in self._layers:
                self._see(name, args[0], made)
        return made

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Raise what an operation raised: on its way through the interpreter it loses its words."""
        leave: Any = super().__exit__
        leave(kind, error, trace)
        if error is not None and self._fault is not None:
            raise self._fault


@dataclass(frozen=True, eq=False)
class _Named:
    """Keeps what layers put out on the levels' grids."""

    grids: tuple[Grid, ...]
    kept: dict[tuple[str, Grid], Tensor] = field(default_factory=dict)
    other: dict[str, str] = field(default_factory=dict)

    def see(self, name: str, given: object, made: object) -> None:
        if _is_map(made) and _grid(made) in self.grids:
            self.kept[name, _grid(made)] = _copied(made)
        else:
            self.other[name] = _what(made)

    def named(self, layers: Sequence[str]) -> list[Tapped]:
        for name in layers:
            if not any(name == seen for seen, _ in self.kept):
                got = self.other.get(name, "nothing: the forward pass does not call it")
                raise ModelError(
                    f"model.layers: {name}: expected (1, channels, rows, columns) on the grid of a level,"
                    f" {_listed(self.grids)}, got {got}; name a layer that works on one of these grids"
                )
        order = [(name, grid) for name in dict.fromkeys(layers) for grid in self.grids]
        return [Tapped(name, grid, self.kept[name, grid]) for name, grid in order if (name, grid) in self.kept]


@dataclass(frozen=True, eq=False)
class _HeadInputs:
    """Keeps, per level, what went into the last convolution that put out its grid."""

    grids: tuple[Grid, ...]
    kept: dict[Grid, Tapped] = field(default_factory=dict)

    def see(self, name: str, given: object, made: object) -> None:
        if _is_map(given) and _is_map(made) and _grid(given) == _grid(made) and _grid(made) in self.grids:
            layer = f"input of {name}" if name else "input of the last convolution"
            self.kept[_grid(made)] = Tapped(layer, _grid(made), _copied(given))

    def found(self) -> list[Tapped]:
        for grid in self.grids:
            if grid not in self.kept:
                raise ModelError(
                    f"model.layers: expected a convolution that puts out each level's grid, {_listed(self.grids)}, got"
                    f" none for {grid[0]} × {grid[1]}; give the run the anchors of the model's levels, or name layers"
                )
        return [self.kept[grid] for grid in self.grids]


def _is_program(model: nn.Module) -> bool:
    return any(isinstance(module, torch.jit.ScriptModule) for module in model.modules())


def _convolution_weights(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Names of submodules with the weight of a 2-D convolution."""
    for name, weight in model.named_parameters():
        if name.rpartition(".")[2] == "weight" and weight.ndim == 4:
            yield name.rpartition(".")[0], weight


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=_NEAR_NAMES)
    if near:
        return f"did you mean {' or '.join(near)}?"
    if not known:
        return "this model keeps no names of layers; leave model.layers out for the inputs of its heads"
    more = f", … ({len(known)} in all)" if len(known) > _NEAR_NAMES else ""
    return f"it has {', '.join(known[-_NEAR_NAMES:])}{more}"


def _is_map(value: object) -> bool:
    return isinstance(value, Tensor) and value.ndim == 4 and value.shape[0] == 1


def _grid(value: Any) -> Grid:
    return int(value.shape[2]), int(value.shape[3])


def _copied(value: Any) -> Tensor:
    """(C, H, W) float32, a copy: a following layer may work in place."""
    kept: Tensor = value[0].detach().to("cpu", torch.float32, copy=True)
    return kept


def _what(value: object) -> str:
    return f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def _listed(grids: Sequence[Grid]) -> str:
    return ", ".join(f"{rows} × {columns}" for rows, columns in grids)

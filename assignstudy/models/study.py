"""Shows a model the chosen pictures of a run, one forward pass each, and sums up what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from assignstudy.assign.rule import Rule
from assignstudy.errors import ConfigError, ModelError
from assignstudy.losses import formula_of
from assignstudy.models.features import FeatureMap, feature_map
from assignstudy.models.picture import as_tensor, network_picture
from assignstudy.models.predictions import PictureLoss, as_one_batch, picture_loss, training_outputs
from assignstudy.models.taps import Grid, look
from assignstudy.transforms import NetworkInput
from assignstudy.types import Assignment, Dataset, InputBoxes, PyramidLevel


@dataclass(frozen=True)
class LayerChoice:
    """Which layers and channels to show.

    Attributes:
        layers: Names of layers; none for the inputs of the heads.
        channels: How many channels of each.
        strongest: Whether those with the largest mean magnitude, else the first.

    Raises:
        ValueError: Fewer than one channel is asked for.
    """

    layers: tuple[str, ...] = ()
    channels: int = 8
    strongest: bool = False

    def __post_init__(self) -> None:
        """Check the number of channels."""
        if self.channels < 1:
            raise ValueError(f"channels: expected at least 1, got {self.channels}")


@dataclass(frozen=True, eq=False)
class Setting:
    """The run that a model is looked at for.

    Attributes:
        dataset: The labels, with their pictures.
        network_input: The same after the transform.
        rule: The assignment rule with its threshold.
        levels: The detection scales.
        input_hw: Height and width of the network input as used.
    """

    dataset: Dataset
    network_input: NetworkInput
    rule: Rule
    levels: tuple[PyramidLevel, ...]
    input_hw: tuple[int, int]

    def boxes_of(self, image_index: int) -> InputBoxes:
        """The ground truths of one image."""
        boxes = self.network_input.boxes
        first, behind = torch.searchsorted(boxes.image_index, torch.tensor([image_index, image_index + 1])).tolist()
        return boxes.rows(first, behind)

    def input_wh(self, image_index: int) -> tuple[int, int]:
        """Width and height of the network input of one image."""
        sizes = self.network_input.image_wh_px
        width, height = sizes[0 if len(sizes) == 1 else image_index].tolist()
        return width, height

    def picture(self, image_index: int) -> Tensor | None:
        """(1, 3, H, W) what the network is given of one image; None where its picture cannot be opened."""
        if self.dataset.load_picture is None:
            return None
        try:
            original = self.dataset.load_picture(image_index)
        except OSError:
            return None
        placed = (self.network_input.resized_wh_px, self.network_input.pad_px)
        resized_wh, pad = (part[image_index].tolist() for part in placed)
        return as_tensor(network_picture(original, resized_wh, pad, self.input_wh(image_index)))


@dataclass(frozen=True, eq=False)
class PictureStudy:
    """What a model holds for one picture.

    Attributes:
        path: Of the image, as in the data set.
        maps: Its layers, in the order asked for, each by level.
        loss: What its ground truths cost in a batch of all pictures shown; None without a loss.
    """

    path: str
    maps: tuple[FeatureMap, ...]
    loss: PictureLoss | None


@dataclass(frozen=True, eq=False)
class ModelStudy:
    """What a model holds for the chosen pictures.

    Attributes:
        pictures: One for each picture that could be opened.
        missing: Paths of the images that could not.
        no_loss: Why there is no loss, as a sentence; empty where there is one.
    """

    pictures: tuple[PictureStudy, ...]
    missing: tuple[str, ...]
    no_loss: str


def study(model: nn.Module, setting: Setting, image_indices: Sequence[int], choice: LayerChoice) -> ModelStudy:
    """Send pictures through a model, each once, without gradients.

    Args:
        model: In evaluation mode; it runs where its parameters are.
        setting: The run.
        image_indices: Which images, in this order.
        choice: Which layers to read.

    Raises:
        ModelError: The model raises something, has no such maps for the levels, or its values are not finite; names
            the image.
    """
    losses = _Losses(setting)
    found, missing = [], []
    for image_index in image_indices:
        picture = setting.picture(image_index)
        if picture is None:
            missing.append(setting.dataset.image_paths[image_index])
        else:
            found.append(_look_at(model, setting, image_index, picture, choice, losses))
    return ModelStudy(_in_one_batch(found, losses), tuple(missing), losses.problem)


def _look_at(
    model: nn.Module, setting: Setting, image_index: int, picture: Tensor, choice: LayerChoice, losses: _Losses
) -> PictureStudy:
    boxes = setting.boxes_of(image_index)
    assignment = setting.rule.assign(boxes, setting.levels)
    grids = _grids(setting, image_index)
    path = setting.dataset.image_paths[image_index]
    try:
        output, tapped = look(model, _where(model, picture), choice.layers, grids)
        maps = [
            feature_map(one, level, assignment.levels[level], choice.channels, choice.strongest)
            for one in tapped
            for level in [grids.index(one.grid)]
        ]
    except ModelError as error:
        raise ModelError(f"{error} (image {path})") from error
    return PictureStudy(path, tuple(maps), losses.of(output, assignment, boxes))


def _grids(setting: Setting, image_index: int) -> list[Grid]:
    width, height = setting.input_wh(image_index)
    return [(-(-height // level.stride), -(-width // level.stride)) for level in setting.levels]


def _where(model: nn.Module, picture: Tensor) -> Tensor:
    """The picture on the device and in the precision of the model."""
    some = next((one for one in model.parameters() if one.is_floating_point()), picture)
    return picture.to(some.device, some.dtype)


class _Losses:
    """Computes losses as long as nothing speaks against it; then ``problem`` says what does."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.problem = ""
        formula = formula_of(setting.rule)
        classes = max(len(setting.dataset.class_names), 1)
        if formula is None:
            self.problem = f"No loss is built in for {setting.rule.facts.title}."
            return
        try:
            self._weights = formula.published_weights(classes, len(setting.levels), max(setting.input_hw))
        except ConfigError as error:
            self.problem = f"{error}."

    def of(self, output: object, assignment: Assignment, boxes: InputBoxes) -> PictureLoss | None:
        """The loss of one picture; None from the first problem on."""
        if self.problem:
            return None
        setting = self._setting
        try:
            outputs = training_outputs(output, setting.levels, len(setting.dataset.class_names))
            if outputs is not None:
                class_id = setting.dataset.class_id[boxes.gt_id]
                return picture_loss(setting.rule, outputs, assignment, boxes, class_id, setting.levels, self._weights)
            self.problem = "The model gives no training outputs (images, anchors, rows, columns, 5 + classes)."
        except ModelError as error:
            self.problem = f"{error}."
        return None


def _in_one_batch(found: Sequence[PictureStudy], losses: _Losses) -> tuple[PictureStudy, ...]:
    shares = [one.loss for one in found if one.loss is not None]
    if losses.problem or len(shares) < len(found):
        return tuple(replace(one, loss=None) for one in found)
    return tuple(replace(one, loss=loss) for one, loss in zip(found, as_one_batch(shares), strict=True))

import warnings
from contextlib import suppress

import pytest
import torch
from torch import nn

from assignstudy.errors import ConfigError, ModelError
from assignstudy.models.taps import check_layers, layer_names, look
from tests.models.nets import Broken, net
from tests.models.test_loading import TorchScriptFile, load, save_archive

GRIDS = ((8, 12), (4, 6), (2, 3))
IMAGE = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))


def hooks(model):
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


@pytest.fixture
def archive(tmp_path):
    save_archive(net(), tmp_path / "net.ts")
    return load(TorchScriptFile(str(tmp_path / "net.ts")))


def test_the_default_is_what_goes_into_the_heads():
    _, found = look(net(), IMAGE, (), GRIDS)
    assert [one.layer for one in found] == ["input of heads.0", "input of heads.1", "input of heads.2"]
    assert [tuple(one.values.shape) for one in found] == [(4, *grid) for grid in GRIDS]
    assert all(float(one.values.min()) == 0 for one in found), "after the activation, not before"


def test_named_layers_come_in_the_order_asked_for_as_they_were_put_out():
    model = net()
    _, found = look(model, IMAGE, ("down.2", "down.0"), GRIDS)
    assert [(one.layer, one.grid) for one in found] == [("down.2", (2, 3)), ("down.0", (8, 12))]
    before = model.down[0](model.stem(IMAGE))
    torch.testing.assert_close(found[1].values, before[0])
    assert float(found[1].values.min()) < 0, "a copy: the activation that follows works in place"


def test_no_gradient_no_training_and_one_pass():
    model = net()
    look(model, IMAGE, (), GRIDS)
    assert model.seen == (False, False, (1, 3, 64, 96))


@pytest.mark.parametrize("layers", [(), ("down.0", "heads.1")])
def test_hooks_are_gone_afterwards(layers):
    model = net()
    look(model, IMAGE, layers, GRIDS)
    assert hooks(model) == 0


@pytest.mark.parametrize("layers", [(), ("down.0",)])
def test_hooks_are_gone_where_the_forward_pass_fails(layers):
    model = net(Broken)
    with pytest.raises(ModelError, match=r"got RuntimeError: a defect of the user's own; see that"):
        look(model, IMAGE, layers, GRIDS)
    assert hooks(model) == 0


def test_the_layer_that_fails_is_named_and_no_other():
    class Fails(nn.Module):
        def forward(self, _):
            raise KeyError("a\nb")

    class Tries(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, features):
            with suppress(KeyError):
                self.inner(features)
            return features

    model = net()
    model.down[1] = Fails()
    with pytest.raises(
        ModelError, match=r"^model: expected a forward pass of shape .*, got KeyError: .* in layer down\.1;"
    ):
        look(model, IMAGE, (), GRIDS)
    model = net(Broken)
    model.stem.append(Tries(Fails()))
    with pytest.raises(ModelError, match=r"got RuntimeError: a defect of the user's own; see"):
        look(model, IMAGE, (), GRIDS)


def test_an_archive_that_fails_says_what_was_raised(archive):
    with pytest.raises(ModelError, match=r"got RuntimeError: Given groups=1.* expected input.* to have 3 channels"):
        look(archive, IMAGE[:, :2], (), GRIDS)


def test_a_layer_shared_by_the_levels_is_read_on_each():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Conv2d(3, 2, 1)

        def forward(self, images):
            return [self.head(nn.functional.avg_pool2d(images, stride)) for stride in (8, 16, 32)]

    for layers, name in (((), "input of head"), (("head",), "head")):
        _, found = look(net(Shared), IMAGE, layers, GRIDS)
        assert [(one.layer, one.grid) for one in found] == [(name, grid) for grid in GRIDS]


@pytest.mark.parametrize("name", ["head.0", "heads0", "heads.3"])
def test_an_unknown_layer_is_answered_with_near_names(name):
    with pytest.raises(ConfigError, match=rf"^model\.layers: expected names of layers, got {name}; did you mean heads"):
        check_layers(net(), ("down.0", name))


def test_an_unknown_layer_far_from_all_is_answered_with_some():
    with pytest.raises(ConfigError, match=r"got xyz; it has heads, heads\.0, heads\.1, heads\.2, … \(11 in all\)$"):
        check_layers(net(), ("xyz",))


@pytest.mark.parametrize(
    ("layer", "got"),
    [("stem", r"shape \(1, 4, 16, 24\)"), ("heads", "nothing: the forward pass does not call it")],
)
def test_a_layer_without_the_grid_of_a_level_is_said(layer, got):
    with pytest.raises(
        ModelError, match=rf"^model\.layers: {layer}: expected .* 8 × 12, 4 × 6, 2 × 3, got {got}; name"
    ):
        look(net(), IMAGE, (layer,), GRIDS)


def test_levels_that_share_a_grid_are_refused():
    with pytest.raises(ModelError, match=r"expected another grid on each level, got 4 x 6 on two, .* larger imgsz"):
        look(net(), IMAGE, (), (GRIDS[0], (4, 6), (4, 6)))


def test_a_level_that_the_model_does_not_have_is_said():
    with pytest.raises(
        ModelError, match=r"expected a convolution that puts out each level's grid, .*got none for 1 × 2"
    ):
        look(net(), IMAGE, (), (*GRIDS, (1, 2)))


def test_an_archive_is_read_like_the_model_it_was_made_from(archive):
    for layers in ((), ("down.1", "heads.0")):
        (_, one), (_, other) = (look(model, IMAGE, layers, GRIDS) for model in (net(), archive))
        assert [(tap.layer, tap.grid) for tap in one] == [(tap.layer, tap.grid) for tap in other]
        for tap, twin in zip(one, other, strict=True):
            torch.testing.assert_close(tap.values, twin.values)


def test_the_layers_of_an_archive_are_its_convolutions(archive):
    assert set(layer_names(archive)) == {"stem.0", *(f"{part}.{k}" for part in ("down", "heads") for k in range(3))}
    with pytest.raises(ConfigError, match=r"got stem; did you mean stem\.0"):
        check_layers(archive, ("stem",))


def test_a_frozen_archive_keeps_no_names_but_its_heads_are_found(archive):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        frozen = torch.jit.freeze(archive)
    _, found = look(frozen, IMAGE, (), GRIDS)
    assert [one.layer for one in found] == ["input of the last convolution"] * 3
    with pytest.raises(ConfigError, match=r"got down\.0; this model keeps no names of layers; leave model\.layers out"):
        check_layers(frozen, ("down.0",))

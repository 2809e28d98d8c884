import pickle
import re
import warnings

import pytest
import torch
from torch import nn

from assignstudy.errors import ModelError
from assignstudy.models.loading import Demo, OwnModule, TorchScriptFile, check_reader, model_source, state_dict
from tests.boxes import make_levels
from tests.models.nets import Net, net


class RunsCode:
    """What a pickle can do when it is opened."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def load(source):
    return source.load(make_levels(), 3)


def save_archive(model, path):
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.trace(model, torch.zeros(1, 3, 64, 96)), str(path))


def test_weights_are_read_from_a_state_dict_bare_or_wrapped(tmp_path):
    weights = net().state_dict()
    for name, content in (("bare", weights), ("wrapped", {"state_dict": weights, "epoch": 3})):
        torch.save(content, tmp_path / name)
        module = load(OwnModule("a.Net", Net, str(tmp_path / name)))
        assert not module.training
        assert all(torch.equal(value, weights[key]) for key, value in module.state_dict().items())


def test_a_pickle_that_would_run_code_is_not_opened(tmp_path):
    mark, path = tmp_path / "mark", tmp_path / "weights.pt"
    torch.save({"state_dict": RunsCode(str(mark))}, path)
    with pytest.raises(
        ModelError, match=r"weights\.pt: expected a state dict, tensors only, got .* can run code, so it was"
    ):
        state_dict(str(path))
    path.write_bytes(pickle.dumps(RunsCode(str(mark))))
    with pytest.raises(ModelError, match=r"weights\.pt: expected a state dict, tensors only"):
        state_dict(str(path))
    assert not mark.exists()


@pytest.mark.parametrize("version", ["2.2.2", "2.5.1+cpu", "2.9.1"])
def test_weights_are_not_read_with_a_reader_that_can_be_tricked(version):
    with pytest.raises(
        ModelError, match=rf"^model\.weights: expected PyTorch 2\.10 or later, .* got {re.escape(version)};"
    ):
        check_reader(version)


@pytest.mark.parametrize("version", ["2.10.0", "2.13.0+cpu", "3.0.0"])
def test_the_first_release_that_reads_weights_safely_is_fine(version):
    check_reader(version)


def test_a_whole_module_is_no_state_dict(tmp_path):
    torch.save(net(), tmp_path / "model.pt")
    with pytest.raises(
        ModelError, match=r"model\.pt: expected a state dict, tensors only, .*; save model\.state_dict\(\)"
    ):
        state_dict(str(tmp_path / "model.pt"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "expected a state dict, as torch.save"),
        (b"PK\x03\x04 half an archive", "expected a state dict, as torch.save"),
    ],
)
def test_what_is_no_checkpoint_is_said(tmp_path, content, expected):
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(ModelError, match=rf"^model\.weights: .*x\.pt: {expected}"):
        state_dict(str(tmp_path / "x.pt"))


def test_an_archive_is_no_state_dict_and_a_state_dict_no_archive(tmp_path):
    save_archive(net(), tmp_path / "net.ts")
    with pytest.raises(ModelError, match="a TorchScript archive, which is code, is opened with model=torchscript"):
        state_dict(str(tmp_path / "net.ts"))
    torch.save(net().state_dict(), tmp_path / "net.pt")
    with pytest.raises(
        ModelError, match=r"net\.pt: expected a TorchScript archive, .* use model=custom with model\.weights"
    ):
        load(TorchScriptFile(str(tmp_path / "net.pt")))


def test_other_things_than_tensors_are_no_weights(tmp_path):
    torch.save({"state_dict": {"a": 1}}, tmp_path / "x.pt")
    with pytest.raises(ModelError, match="expected names with their tensors, got dict; save a state dict"):
        state_dict(str(tmp_path / "x.pt"))


@pytest.mark.parametrize("source", [TorchScriptFile("no/such.ts"), OwnModule("a.Net", Net, "no/such.pt")])
def test_a_missing_file_is_said(source):
    with pytest.raises(ModelError, match=r"no/such\.\w+: expected a file, found none"):
        load(source)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda weights: weights.pop("heads.1.bias"), r"lacks 1 of them, such as heads\.1\.bias"),
        (lambda weights: weights.update(more=torch.zeros(1)), r"also has 1 of them, such as more"),
        (
            lambda weights: weights.update({"heads.0.bias": torch.zeros(7)}),
            r"heads\.0\.bias: expected shape \(24,\), got \(7,\)",
        ),
    ],
)
def test_weights_of_another_model_are_refused(tmp_path, change, expected):
    weights = net().state_dict()
    change(weights)
    torch.save(weights, tmp_path / "x.pt")
    with pytest.raises(ModelError, match=expected):
        load(OwnModule("a.Net", Net, str(tmp_path / "x.pt")))


def test_a_target_that_is_no_module_is_refused():
    with pytest.raises(
        ModelError, match=r"^model\._target_: expected a torch\.nn\.Module from a\.b, got <class 'int'>$"
    ):
        load(OwnModule("a.b", lambda: 3))


def test_an_archive_gives_what_the_model_gave(tmp_path):
    model, image = net(), torch.rand(1, 3, 64, 96)
    save_archive(model, tmp_path / "net.ts")
    loaded = load(TorchScriptFile(str(tmp_path / "net.ts")))
    assert not loaded.training
    for one, other in zip(model(image)[1], loaded(image)[1], strict=True):
        torch.testing.assert_close(one, other)


def test_the_group_says_where_the_model_comes_from():
    built = {}

    def build(arguments):
        built.update(arguments)
        return nn.Identity()

    assert model_source({"name": "none"}, build) is None
    assert model_source({"name": "demo", "seed": 3}, build) == Demo(3)
    assert model_source({"name": "torchscript", "path": "a.ts"}, build) == TorchScriptFile("a.ts")
    custom = model_source({"name": "custom", "_target_": "a.b", "options": {"width": 2}, "weights": None}, build)
    assert not built, "nothing is built before it is needed"
    assert isinstance(load(custom), nn.Identity)
    assert built == {"_target_": "a.b", "width": 2}


def test_titles_hold_no_folder(tmp_path):
    titles = [TorchScriptFile(str(tmp_path / "a.ts")).title, OwnModule("a.b", Net, str(tmp_path / "c.pt")).title]
    assert titles == ["a.ts", "a.b, c.pt"]

"""Small networks for tests, and pictures for them."""

import functools

import numpy as np
import torch
from PIL import Image
from torch import nn

from assignstudy.assign.yolov5 import Yolov5
from assignstudy.models.study import Setting
from assignstudy.transforms import Letterbox, to_network_input
from tests.boxes import COCO_P5, make_dataset, make_levels

INPUT_WH = (96, 64)


class Net(nn.Module):
    """Stride 8, 16 and 32, with one head each; what it gives out can be changed."""

    def __init__(self, outputs=3 * 8, levels=3):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, 4, 1), nn.ReLU(inplace=True))
        self.down = nn.ModuleList(nn.Conv2d(4, 4, 3, 2, 1) for _ in range(levels))
        self.heads = nn.ModuleList(nn.Conv2d(4, outputs, 1) for _ in range(levels))

    def forward(self, images):
        self.seen = (torch.is_grad_enabled(), self.training, images.shape)
        features, found = self.stem(images), []
        for down, head in zip(self.down, self.heads, strict=True):
            features = torch.relu_(down(features))
            batch, _, height, width = features.shape
            found.append(head(features).view(batch, 3, -1, height, width).permute(0, 1, 3, 4, 2))
        return torch.zeros(1, 7, 8), tuple(found)


class Broken(Net):
    """Fails after its layers were called; counts how often."""

    passes = 0

    def forward(self, images):
        super().forward(images)
        Broken.passes += 1
        raise RuntimeError("a defect of the user's own")


def never_built():
    """Fails before there is a module."""
    return {}["weights"]


def net(cls=Net, **options):
    """The same weights every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return cls(**options).eval()


def picture(image_index, sizes=((100, 50), (40, 80))):
    """Noise, the same every time."""
    random = np.random.Generator(np.random.PCG64(image_index))
    width, height = sizes[image_index]
    return Image.fromarray(random.integers(0, 256, (height, width, 3), np.uint8))


def dataset_with_pictures(open_picture=picture):
    """Two images with boxes for every level, two of them on top of each other, and one that is ignored."""
    boxes = [
        (0.5, 0.5, 0.2, 0.4),
        (0.5, 0.5, 0.2, 0.4),
        (0.3, 0.4, 0.9, 0.9),
        (0.6, 0.6, 0.5, 0.5),
        (0.2, 0.2, 0.1, 0.1),
    ]
    plain = make_dataset([0, 0, 0, 1, 1], boxes, [(100, 50), (40, 80)], [0, 1, 2, 2, 0], [False] * 4 + [True])
    parts = {name: getattr(plain, name) for name in plain.__dataclass_fields__}
    return type(plain)(**parts | {"load_picture": open_picture})


@functools.cache
def setting(rule=None, transform=None, spec=COCO_P5, dataset=None):
    """A small run to look into."""
    labels, levels = dataset or dataset_with_pictures(), make_levels(spec)
    network_input = to_network_input(labels, transform or Letterbox(), INPUT_WH, 32)
    return Setting(labels, network_input, rule or Yolov5(), levels, INPUT_WH[::-1])

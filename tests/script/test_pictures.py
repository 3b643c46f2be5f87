"""Pictures that a data set of the project reads: fed as whole numbers, or scaled somewhere on the way."""

from collections.abc import Callable
from textwrap import indent
from typing import Any

import pytest

from dnnlint.evidence.script import InputScale

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import cv2
import imageio
import numpy as np
import tifffile
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
import torchvision.transforms.functional as TF
from PIL import Image
from torch.utils.data import DataLoader, Dataset, random_split
from torchvision.io import read_image
"""
SCRIPT = """
class Pictures(Dataset):
    def __init__(self, files, transform=None):
        self.files, self.transform = files, transform

    def __len__(self):
        return len(self.files)

    def load(self, path):
        return cv2.imread(path)

    def __getitem__(self, i):
        path, label = self.files[i]
{sample}

model = {net}
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = DataLoader({data}, batch_size=8, shuffle=True)
for {item} in loader:
    {before}
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
CONV = "nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))"


def _kinds(
    read: Read, sample: str, net: str = CONV, before: str = "pass", item: str = "x, y", data: str = ""
) -> list[str]:
    ending = "" if "return" in sample else "\nreturn x, label"
    body = indent(sample.strip() + ending, " " * 8)
    source = SCRIPT
    for name, text in {
        "sample": body,
        "net": net,
        "before": before,
        "item": item,
        "data": data or "Pictures(files)",
    }.items():
        source = source.replace("{" + name + "}", text)
    return [fact.kind for fact in read(source).get(InputScale, [])]


@pytest.mark.parametrize(
    "sample",
    [
        "img = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)\nx = torch.from_numpy(img.transpose(2, 0, 1)).float()",
        "img = cv2.resize(self.load(path), (64, 64)).astype('float32')\nx = np.transpose(img, (2, 0, 1))",
        (
            "img = Image.open(path).convert('RGB').resize((64, 64))\n"
            "x = torch.tensor(np.array(img), dtype=torch.float32)\nx = x.permute(2, 0, 1)"
        ),
        "img = np.asarray(Image.open(path), dtype=np.float32)\nx = torch.from_numpy(img).permute(2, 0, 1)",
        (
            "with Image.open(path) as img:\n"
            "    x = np.array(img.convert('RGB'))\nx = torch.FloatTensor(x.transpose((2, 0, 1)))"
        ),
        "x = read_image(path).float()",
        "x = torchvision.io.read_image(path).to(torch.float32)",
        (
            "img = imageio.imread(path)\n"
            "img = np.flip(img).astype(np.float32)\nx = torch.from_numpy(np.moveaxis(img, -1, 0))"
        ),
        "tile = tifffile.imread(path).astype(np.uint16)\nx = torch.from_numpy(tile.astype(np.float32))[None]",
        (
            "img = self.load(path)\nif img is None:\n"
            "    raise OSError(path)\nx = torch.from_numpy(img).permute(2, 0, 1).float()"
        ),
        (
            "img = self.load(path)\nif self.transform:\n"
            "    img = self.transform(img)\nx = torch.from_numpy(img).permute(2, 0, 1).float()"
        ),
    ],
)
def test_pixels_that_nobody_scales(read: Read, sample: str) -> None:
    assert _kinds(read, sample) == ["raw"]


RAW = "x = torch.from_numpy(cv2.imread(path).transpose(2, 0, 1)){}"


@pytest.mark.parametrize(
    ("sample", "more"),
    [
        (RAW.format(".float() / 255"), {}),
        (RAW.format(".float().div(255)"), {}),
        (RAW.format(".float().sub(127.5)"), {}),
        (RAW.format(".float()"), {"before": "x = x / 255"}),
        (RAW.format(""), {"before": "x = x.float().div_(255.0)"}),
        (RAW.format(".float()"), {"before": "x = (x - mean) / std"}),
        (RAW.format(".float()"), {"net": "nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 2, 3))"}),
        ("x = TF.to_tensor(Image.open(path))", {}),
        ("x = Image.open(path)\nx = torchvision.transforms.ToTensor()(x)", {}),
        ("img = tifffile.imread(path)\nx = torch.from_numpy(img.astype(np.float32))", {}),
        (
            "img = cv2.imread(path)\nimg = cv2.normalize(img, None, 0, 1, cv2.NORM_MINMAX)\nx = torch.from_numpy(img)",
            {},
        ),
        ("img = cv2.imread(path).astype(np.float32)\nimg -= img.mean()\nx = torch.from_numpy(img)", {}),
        ("img = cv2.imread(path).astype(np.float32)\nimg /= 255.0\nx = torch.from_numpy(img)", {}),
        (
            "img = cv2.imread(path)\nx = self.transform(image=img)['image']",
            {"data": "Pictures(files, make())"},
        ),
        ("img = cv2.imread(path, 0) > 127\nx = torch.from_numpy(img.astype(np.float32))", {}),
    ],
)
def test_pixels_that_somebody_scales(read: Read, sample: str, more: dict[str, str]) -> None:
    assert _kinds(read, sample, **more) == []


@pytest.mark.parametrize(
    ("sample", "more"),
    [
        (
            "x = read_image(path).float()\nreturn {'image': x, 'label': label}",
            {"item": "batch", "before": "x, y = batch['image'], batch['label']"},
        ),
        (RAW.format(""), {"before": "x = x.float().cuda()"}),
        (RAW.format(".float()"), {"data": "random_split(Pictures(files), [80, 20])[0]"}),
        (RAW.format(".float()"), {"net": "torchvision.models.resnet18(pretrained=True)"}),
    ],
)
def test_pixels_take_many_ways(read: Read, sample: str, more: dict[str, str]) -> None:
    assert _kinds(read, sample, **more) == ["raw"]

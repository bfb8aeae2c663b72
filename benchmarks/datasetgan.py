"""Chapter 4: the Style Interpreter at the paper's size, lean and published.

StyleGAN v1 at 1024 px (5,088 channels), labels of 512 × 512, 34 classes, ten large classifiers,
random weights. The published way is measured kinder than the release, which holds a second,
permuted copy of a picture's features while it labels.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from benchmarks.measure import Row, in_process
from nbgan.datasetgan.classifier import PixelClassifier
from nbgan.datasetgan.features import FeatureBank, PixelGrid, resize
from nbgan.datasetgan.interpreter import StyleInterpreter
from nbgan.datasetgan.votes import Ballot
from nbgan.stylegan import StyleGAN1Generator

CHANNELS = {4: 512, 8: 512, 16: 512, 32: 512, 64: 256, 128: 128, 256: 64, 512: 32, 1024: 16}
CLASSES = 34
MEMBERS = 10
PICTURES = 16
POINTS = 64
SIDE = 512
REDUCED = 64
"""Label size at which the published training is measured; it is scaled by the pixels from there."""

BAND = 32_768


def run() -> list[Row]:
    """All rows of this chapter."""
    return [*labelling(), *training()]


def labelling() -> list[Row]:
    """One label map of 512 × 512 from given feature maps, each way in a process of its own."""
    with TemporaryDirectory() as folder:
        published = in_process("benchmarks.datasetgan", "label_published", out=folder)
        ours = in_process("benchmarks.datasetgan", "label_lean", out=folder)
        maps = [torch.load(Path(folder) / f"{way}.pt") for way in ("published", "lean")]
    return [
        {
            "claim": "DatasetGAN: a label map of 512 × 512, ten large classifiers, 5,088 channels",
            "published": published["seconds"],
            "ours": ours["seconds"],
            "unit": "s",
            "ratio": published["seconds"] / ours["seconds"],
            "target": "5 times",
        },
        {
            "claim": "DatasetGAN: peak memory of that beyond the feature maps",
            "published": published["peak_mb"] - published["maps_mb"],
            "ours": ours["peak_mb"] - ours["maps_mb"],
            "unit": "MB",
            "ratio": (published["peak_mb"] - published["maps_mb"])
            / (ours["peak_mb"] - ours["maps_mb"]),
            "target": "10 times",
        },
        {
            "claim": "DatasetGAN: share of pixels with the same label both ways",
            "ours": float((maps[0] == maps[1]).float().mean()),
            "unit": "",
            "target": "1",
        },
    ]


def training() -> list[Row]:
    """Interpreter training on 16 pictures: all of the memory, and the time of a step."""
    published = in_process("benchmarks.datasetgan", "train_published")
    ours = in_process("benchmarks.datasetgan", "train_lean")
    scale = (SIDE // REDUCED) ** 2
    return [
        {
            "claim": f"DatasetGAN: peak memory of training on 16 pictures (published: measured at "
            f"{REDUCED} × {REDUCED} labels, times {scale})",
            "published": published["peak_mb"] * scale,
            "ours": ours["peak_mb"],
            "unit": "MB",
            "ratio": published["peak_mb"] * scale / ours["peak_mb"],
            "target": "under 4000",
        },
        {
            "claim": "DatasetGAN: a training step of all ten classifiers, 64 pixels each",
            "published": 1e3 * published["seconds"],
            "ours": 1e3 * ours["seconds"],
            "unit": "ms",
            "ratio": published["seconds"] / ours["seconds"],
        },
    ]


def random_maps() -> list[Tensor]:
    """Feature maps of one 1024 px picture, as a generator would give them."""
    torch.manual_seed(0)
    return [torch.randn(1, c, r, r) for r, c in CHANNELS.items() for _ in range(2)]


def random_interpreter() -> StyleInterpreter:
    """Ten large classifiers whose classes are all met."""
    torch.manual_seed(1)
    model = StyleInterpreter(channels=2 * sum(CHANNELS.values()), outputs=CLASSES, members=MEMBERS)
    with torch.no_grad():
        for linear in model.linears:
            linear.weight.mul_(5)
    return model.eval()


def label_published(out: str) -> dict[str, float]:
    """Stack all maps at label size, then classify pixel by pixel."""
    maps, model = random_maps(), random_interpreter()
    classifiers = [model.classifier(m) for m in range(MEMBERS)]
    started = time.perf_counter()
    with torch.inference_mode():
        stack = torch.empty(model.channels, SIDE, SIDE)
        first = 0
        for x in maps:
            stack[first : first + x.shape[1]] = resize(x, SIDE)[0]
            first += x.shape[1]
        ballot = Ballot(pixels=SIDE**2, classes=CLASSES, members=MEMBERS)
        for start in range(0, SIDE**2, BAND):
            rows = stack.flatten(1)[:, start : start + BAND].T.contiguous()
            for classifier in classifiers:
                ballot.add(slice(start, start + BAND), classifier(rows))
        label = ballot.labels
        ballot.disagreement.sum()
    seconds = time.perf_counter() - started
    torch.save(label, Path(out) / "published.pt")
    return {"seconds": seconds, "maps_mb": maps_mb(maps)}


def label_lean(out: str) -> dict[str, float]:
    """Project each map at its own resolution, then read and add."""
    maps, model = random_maps(), random_interpreter()
    started = time.perf_counter()
    bank = FeatureBank.of(maps, PixelGrid(height=SIDE, width=SIDE))
    said = model.interpret(bank)
    seconds = time.perf_counter() - started
    torch.save(said.label.flatten(), Path(out) / "lean.pt")
    return {"seconds": seconds, "maps_mb": maps_mb(maps)}


def maps_mb(maps: list[Tensor]) -> float:
    return sum(x.numel() * x.element_size() for x in maps) / 1e6


def train_published(steps: int = 5) -> dict[str, float]:
    """All pixels of all pictures as rows: float16, then a float32 copy; one classifier a time.

    Measured with small label maps. A step's time does not depend on their number.
    """
    maps = random_maps()
    channels = 2 * sum(CHANNELS.values())
    rows = torch.empty(PICTURES * REDUCED**2, channels, dtype=torch.float16)
    for n in range(PICTURES):
        stack = torch.cat([resize(x, REDUCED) for x in maps], dim=1)
        rows[n * REDUCED**2 : (n + 1) * REDUCED**2] = stack[0].flatten(1).T
    del stack, maps
    data = rows.float()
    label = torch.randint(CLASSES, (len(data),))
    seconds = 0.0
    for _ in range(2):
        classifier = PixelClassifier(channels=channels, outputs=CLASSES)
        optimizer = torch.optim.Adam(classifier.parameters(), lr=1e-3)
        for step in range(steps + 1):
            started = time.perf_counter()
            chosen = torch.randint(len(data), (POINTS,))
            optimizer.zero_grad()
            logits = classifier(data[chosen])
            torch.nn.functional.cross_entropy(logits, label[chosen]).backward()
            optimizer.step()
            if step:
                seconds += time.perf_counter() - started
    return {"seconds": MEMBERS * seconds / (2 * steps)}


def train_lean(steps: int = 5) -> dict[str, float]:
    """The whole training: the generator paints, maps are kept, all members learn together.

    One picture is painted and its maps are stored 16 times, which takes the same memory.
    """
    torch.manual_seed(0)
    generator = StyleGAN1Generator(size=1024).eval()
    grid = PixelGrid(height=SIDE, width=SIDE)
    with torch.inference_mode():
        w_plus = generator.broadcast(generator.mapping(torch.randn(1, generator.z_dim)))
        maps = generator.features(w_plus)
        one = FeatureBank.of(maps, grid)
        del maps
        bank = one.room_for(PICTURES)
        for n in range(PICTURES):
            bank.put(n, one)
    model = StyleInterpreter(channels=sum(bank.channels), outputs=CLASSES, members=MEMBERS)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    label = torch.randint(CLASSES, (PICTURES, grid.pixels))
    seconds = 0.0
    for step in range(steps + 1):
        started = time.perf_counter()
        picture = torch.randint(PICTURES, (MEMBERS * POINTS,))
        pixel = torch.randint(grid.pixels, (MEMBERS * POINTS,))
        rows = bank.rows(picture, pixel).clone()
        optimizer.zero_grad()
        logits = model(rows.unflatten(0, (MEMBERS, POINTS)))
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), label[picture, pixel])
        (MEMBERS * loss).backward()
        optimizer.step()
        if step:
            seconds += time.perf_counter() - started
    return {"seconds": seconds / steps}

"""A tiny joint model of random weights, and a stand-in for LPIPS that needs none."""

import torch
from tiny import SPACE
from torch.nn import functional as F

from nbgan.datasetgan import PixelGrid, StyleInterpreter
from nbgan.datasetgan.generators import feature_channels
from nbgan.editgan.encoder import PyramidEncoder
from nbgan.editgan.joint import JointModel
from nbgan.stylegan import StyleGAN2Generator


def distance(a, b):
    """Squared difference of averages over 4 × 4 pixels, ``[N]``."""
    return (F.avg_pool2d(a, 4) - F.avg_pool2d(b, 4)).square().mean(dim=(1, 2, 3))


def tiny_model(seed=0, height=32, width=32, encoder=True, members=3, space=SPACE):
    torch.manual_seed(seed)
    generator = StyleGAN2Generator(
        size=32, z_dim=8, w_dim=8, mapping_layers=2, channels={4: 8, 8: 8, 16: 6, 32: 4}
    )
    with torch.no_grad():
        for conv in generator.convs:
            conv.noise_strength.fill_(0.1)
    interpreter = StyleInterpreter(
        channels=feature_channels(generator), outputs=space.num_classes, members=members
    )
    with torch.no_grad():
        for p in interpreter.parameters():
            p.add_(0.2 * torch.randn_like(p))
        for norm in interpreter.norms:
            norm.running_mean.uniform_(0, 0.5)
            norm.running_var.uniform_(0.5, 2)
    reader = PyramidEncoder(rows=8, w_dim=8, size=32, channels=8, width=2, blocks=(1, 1, 1, 1))
    model = JointModel(
        generator=generator,
        interpreter=interpreter,
        grid=PixelGrid(height=height, width=width),
        label_space=space,
        encoder=reader if encoder else None,
    )
    return model.eval().requires_grad_(False)


def codes(model, n=1, seed=0):
    """Codes of random pictures."""
    z = torch.randn(n, 8, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return model.generator.broadcast(model.generator.mapping(z)).clone()

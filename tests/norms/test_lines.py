"""Numbers spread over channels, line by line."""

import pytest
import torch

from nbgan.norms.lines import features, in_lines, lines, scale_channels


def test_lines_are_a_view_and_lead_back():
    x = torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    assert in_lines(x) and not in_lines(x.contiguous())
    assert lines(x).shape == (2, 4, 15)
    assert lines(x).data_ptr() == x.data_ptr()
    assert torch.equal(features(lines(x), 3), x)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_scaled_channels_and_gradients(layout):
    x = torch.rand(2, 3, 4, 5, dtype=torch.float64).contiguous(memory_format=layout)
    factors = torch.rand(2, 3, dtype=torch.float64)
    x.requires_grad_(), factors.requires_grad_()
    weights = torch.rand(2, 3, 4, 5, dtype=torch.float64)
    found = scale_channels(x, factors)
    expected = x * factors[:, :, None, None]
    torch.testing.assert_close(found, expected)
    assert found.is_contiguous(memory_format=layout)
    ours = torch.autograd.grad((found * weights).sum(), (x, factors))
    theirs = torch.autograd.grad((expected * weights).sum(), (x, factors))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)

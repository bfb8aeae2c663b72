"""Rounded weights: what the page computes with, and how it is stored."""

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from nbgan.errors import InputError
from nbgan.live.weights import compress, rounded


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(8, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 1))


def test_half_precision_rounds_weights_and_leaves_biases():
    model = network()
    before = model[0].weight.detach().clone()
    copy = rounded(model, "fp16")
    assert torch.equal(copy[0].weight, before.half().float())
    assert torch.equal(copy[0].bias, model[0].bias)
    assert torch.equal(model[0].weight, before)
    assert not copy.training


def test_eight_bits_have_a_scale_for_each_output_channel():
    model = network()
    model[0].weight.data[3] *= 100
    copy = rounded(model, "int8")
    for channel in (0, 3):
        weight, exact = copy[0].weight[channel], model[0].weight[channel]
        step = exact.abs().max() / 127
        assert (weight - exact).abs().max() <= 0.5001 * step
        assert weight.unique().numel() <= 255
        torch.testing.assert_close(weight / step, (weight / step).round(), atol=1e-3, rtol=0)


def test_few_values_are_left_alone():
    model = nn.Conv2d(3, 2, 1)
    assert torch.equal(rounded(model, "fp16").weight, model.weight)


def test_spectral_norm_is_folded_even_after_a_training_step():
    torch.manual_seed(0)
    model = nn.Sequential(nn.utils.spectral_norm(nn.Conv2d(8, 16, 3)))
    x = torch.randn(1, 8, 6, 6)
    model(x).mean().backward()  # now the weight is part of a graph
    model.eval()
    copy = rounded(model, "fp32")
    assert "weight_orig" not in dict(copy.named_parameters())
    assert "0.weight_orig" in dict(model.named_parameters())
    with torch.no_grad():
        torch.testing.assert_close(copy(x), model(x))


def test_too_large_for_half_precision_is_named():
    model = network()
    model[2].weight.data[0, 0] = 1e5
    with pytest.raises(InputError, match=r"2\.weight: holds 1e\+05.*weights='fp32'"):
        rounded(model, "fp16")


def test_unknown_kind_lists_the_known_ones():
    with pytest.raises(InputError, match="unknown 'fp8'; choose one of fp16, int8, fp32"):
        rounded(network(), "fp8")


def graph_with(values):
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    float32 = onnx.TensorProto.FLOAT
    inputs = [onnx.helper.make_tensor_value_info("x", float32, [1, values.shape[0]])]
    outputs = [onnx.helper.make_tensor_value_info("y", float32, [1, values.shape[1]])]
    initializer = [numpy_helper.from_array(values, "w")]
    return onnx.helper.make_model(onnx.helper.make_graph([node], "g", inputs, outputs, initializer))


@pytest.mark.parametrize("turned", [False, True])
def test_eight_bits_are_stored_by_the_axis_that_fits(turned):
    linear = rounded(nn.Linear(32, 24), "int8")
    values = linear.weight.detach().numpy()
    values = np.ascontiguousarray(values.T) if turned else values
    graph = graph_with(values)
    compress(graph, "int8")
    (node, _) = graph.graph.node
    assert node.op_type == "DequantizeLinear"
    assert node.attribute[0].i == int(turned)
    stored = {t.name: numpy_helper.to_array(t) for t in graph.graph.initializer}
    assert stored["w.int8"].dtype == np.int8
    scale = stored["w.scale"][None, :] if turned else stored["w.scale"][:, None]
    np.testing.assert_allclose(stored["w.int8"] * scale, values, atol=1e-6)


def test_what_eight_bits_do_not_hold_stays_in_full():
    values = np.random.default_rng(0).normal(size=(32, 24)).astype(np.float32)
    graph = graph_with(values)
    compress(graph, "int8")
    assert [node.op_type for node in graph.graph.node] == ["MatMul"]
    np.testing.assert_array_equal(numpy_helper.to_array(graph.graph.initializer[0]), values)

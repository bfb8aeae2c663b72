import numpy as np
import pytest

from nbgan.data.layers import Layer, layer_map, render
from nbgan.errors import InputError

BOX = (0, 0, 32, 32)
SKY = Layer(svg='<rect width="32" height="32" fill="#3366cc"/>', class_id=1, name="sky")


def square(x, y, side, *, class_id=2, instance=0, extra="", color="#cc3333"):
    svg = f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{color}" {extra}/>'
    return Layer(svg=svg, class_id=class_id, instance=instance)


def test_maps_follow_painting_order():
    drawn = render(
        [SKY, square(4, 4, 16, instance=7), square(12, 12, 16, class_id=3, instance=9)],
        32,
        view_box=BOX,
    )
    assert drawn.image.shape == (32, 32, 3) and drawn.image.dtype == np.uint8
    assert drawn.label.dtype == np.int64 and drawn.instance.dtype == np.int64
    assert (drawn.label == 2).sum() == 16 * 16 - 8 * 8
    assert (drawn.instance[drawn.label == 2] == 7).all()
    assert (drawn.instance[drawn.label == 3] == 9).all()
    assert (drawn.instance[drawn.label == 1] == 0).all()
    assert (drawn.layer[12:28, 12:28] == 2).all()
    assert tuple(drawn.image[0, 0]) == (0x33, 0x66, 0xCC)


def test_half_covered_pixels_belong_to_the_upper_layer():
    assert (render([SKY, square(4.5, 4, 4)], 32, view_box=BOX).label[5, 3:10] == 2).tolist() == [
        False, True, True, True, True, True, False,
    ]  # fmt: skip
    assert (render([SKY, square(4.8, 4, 4)], 32, view_box=BOX).label[5, 3:10] == 2).tolist() == [
        False, False, True, True, True, True, False,
    ]  # fmt: skip


def test_pixels_without_a_layer():
    drawn = render([square(0, 0, 8)], 32, view_box=BOX, empty_class=5)
    assert (drawn.label[8:, 8:] == 5).all() and (drawn.layer[8:, 8:] == -1).all()
    assert (drawn.image[8:, 8:] == 255).all()


@pytest.mark.parametrize(
    "shade",
    ['fill-opacity="0.3"', 'opacity="0.3"', 'style="opacity:0.3"', 'style="fill-opacity: 0.3"'],
)
def test_shadows_colour_but_do_not_claim(shade):
    shaded = render([SKY, square(4, 4, 8, extra=shade)], 32, view_box=BOX)
    assert (shaded.label == 1).all()
    assert tuple(shaded.image[6, 6]) != tuple(shaded.image[0, 0])


def test_min_opacity_lets_a_shade_claim():
    from dataclasses import replace

    layer = replace(square(4, 4, 8, extra='fill-opacity="0.3"'), min_opacity=0.0)
    assert (render([SKY, layer], 32, view_box=BOX).label == 2).sum() == 64


def test_group_opacity_multiplies():
    svg = '<g opacity="0.6"><rect width="8" height="8" fill-opacity="0.6"/></g>'
    layer = Layer(svg=svg, class_id=2)
    assert (render([SKY, layer], 32, view_box=BOX).label == 1).all()


def test_strokes_masks_and_gradients():
    svg = (
        '<defs><linearGradient id="a"><stop offset="0" stop-color="red"/>'
        '<stop offset="1" stop-color="blue"/></linearGradient>'
        '<mask id="m"><rect x="0" y="0" width="16" height="32" fill="white"/></mask></defs>'
        '<g mask="url(#m)"><rect x="8" y="8" width="16" height="16" fill="url(#a)"/></g>'
    )
    line = Layer(svg='<path d="M0 30H32" stroke="black" stroke-width="2" fill="none"/>', class_id=4)
    drawn = render([SKY, Layer(svg=svg, class_id=3), line], 32, view_box=BOX)
    expected = np.ones((32, 32), dtype=np.int64)
    expected[8:24, 8:16] = 3
    expected[29:31] = 4
    assert (drawn.label == expected).all()


def test_ids_of_two_layers_may_clash():
    def car(x, color):
        return Layer(
            svg=f'<linearGradient id="paint"><stop stop-color="{color}"/></linearGradient>'
            f'<rect x="{x}" width="8" height="8" fill="url(#paint)"/>',
            class_id=2,
        )

    drawn = render([SKY, car(0, "#ff0000"), car(16, "#00ff00")], 32, view_box=BOX)
    assert tuple(drawn.image[4, 4]) == (255, 0, 0)
    assert tuple(drawn.image[4, 20]) == (0, 255, 0)


def test_wide_output_is_covered_and_cut():
    drawn = render([SKY], (16, 48), view_box=BOX)
    assert drawn.image.shape == (16, 48, 3)
    assert (drawn.label == 1).all()


def test_many_layers_keep_their_indices():
    layers = [square(i % 32, i // 32, 1, class_id=i) for i in range(600)]
    order = layer_map(layers, 32, view_box=BOX)
    assert (order.ravel()[:600] == np.arange(600)).all()
    assert (order.ravel()[600:] == -1).all()


@pytest.mark.parametrize(
    ("layers", "size", "message"),
    [
        ([], 32, "0 layers"),
        ([SKY], 0, "size: got 0"),
        ([SKY], 8.5, "size"),
        ([Layer(svg="<rect", class_id=1, name="hill")], 32, "layer 'hill'.*does not parse"),
        ([Layer(svg="<text>hi</text>", class_id=1)], 32, "<text> cannot be labelled"),
        ([Layer(svg='<use href="#a"/>', class_id=1)], 32, "<use> cannot be labelled"),
        ([Layer(svg="<rect/>", class_id=-1)], 32, "class id -1"),
        (
            [
                SKY,
                Layer(
                    svg='<mask id="m"><rect width="32" height="32" fill="#888"/></mask>'
                    '<rect width="8" height="8" mask="url(#m)"/>',
                    class_id=2,
                ),
            ],
            32,
            "half-transparent masks",
        ),
    ],
)
def test_bad_input(layers, size, message):
    with pytest.raises(InputError, match=message):
        render(layers, size, view_box=BOX)

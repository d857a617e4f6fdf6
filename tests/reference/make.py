#!/usr/bin/env python3
"""Writes the numbers that tests/models/reference_test.cpp compares with: /usr/bin/python3 tests/reference/make.py
[CASE...] (Debian's python3-torch and python3-torchvision). Nothing is random: see formula.py. Output tensors are in t2ue's layout.

A case holds `eval`: the output in evaluation mode; `train`: the output in training mode, the gradients of
sum(output * u("output#probe")) and the buffers after that forward; `frozen`, in one case, the same in evaluation
mode. Tensors are kept as their digest
[norm, sum(tensor * u(name + "#probe"))], outputs also as a sample.
"""
import json
import pathlib
import sys

import torch
import torch.nn.functional as F

import classifiers
import formula
import models

EPS = 8.0 / 255.0


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.detach().flatten().tolist()]


def output_record(tensor):
    """An output whole if it is short, else about 48 evenly spaced elements; and its digest."""
    flat = tensor.flatten()
    return {"every": max(1, len(flat) // 48), "values": numbers(flat[:: max(1, len(flat) // 48)]),
            "digest": digest("output", tensor)}


def nhwc(tensor):
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def digest(name, tensor):
    return numbers(torch.stack([tensor.norm(), (tensor * formula.uniform(name + "#probe", tensor.shape)).sum()]))


def differentiate(forward, inputs, training, dtype=torch.float64):
    """The output, the gradients of sum(output * u("output#probe")), and the buffers after that."""
    p = formula.Parameters(training, dtype)
    inputs = {k: v.detach().clone().to(dtype).requires_grad_() if v.is_floating_point() else v
              for k, v in inputs.items()}
    output = nhwc(forward(p, inputs))
    (output * formula.uniform("output#probe", output.shape).to(dtype)).sum().backward()
    leaves = {**p.trained, **{k: v for k, v in inputs.items() if v.is_floating_point()}}
    buffers = {k: v for k, v in p.buffers.items() if k not in ("condition_mean", "condition_var")}
    return output, {k: v.grad for k, v in leaves.items()}, buffers


def digests(tensors):
    return {k: digest(k, v) for k, v in tensors.items()}


def case(forward, inputs):
    """forward(p, inputs) -> output; `inputs`: name to tensor in t2ue's layout."""
    with torch.no_grad():
        evaluated = forward(formula.Parameters(False), inputs)
    output, gradients, buffers = differentiate(forward, inputs, True)
    return {
        "eval": output_record(nhwc(evaluated)),
        "train": {"output": output_record(output), "gradients": digests(gradients), "buffers": digests(buffers)},
    }


def error(got, want):
    return float(f"{((got - want).norm() / want.norm()).item():.2g}")


# A ReLU whose input is zero but for rounding opens in one run and stays shut in another. Among the ten million of
# RN50 some do: PyTorch's fp32 gradients were off float64's by 4e-6 to 9e-4, depending on input and threads.
FLIPPED_RELUS = 5e-4


def deep_case(forward, inputs):
    """For a network so deep that fp32 strays from float64: `fp32_error` says by what share, of the gradients with
    frozen statistics and of the output in training. The gradients of training with two pictures are not kept,
    because PyTorch's own fp32 ones are off by percents."""
    output, gradients, _ = differentiate(forward, inputs, False)
    trained, _, buffers = differentiate(forward, inputs, True)
    single, _, _ = differentiate(forward, inputs, True, torch.float32)
    return {
        "eval": output_record(output),
        "frozen": {"output": output_record(output), "gradients": digests(gradients), "buffers": {},
                   "fp32_error": FLIPPED_RELUS},
        "train": {"output": output_record(trained), "buffers": digests(buffers), "fp32_error": error(single, trained)},
    }


def measured_case(forward, inputs):
    """A case whose training also says how far PyTorch's own fp32 is off: of any gradient, relative to its norm. Those
    that are zero in exact arithmetic are left out."""
    result = case(forward, inputs)
    _, gradients, _ = differentiate(forward, inputs, True)
    _, single, _ = differentiate(forward, inputs, True, torch.float32)
    result["train"]["fp32_error"] = max(error(single[name], exact) for name, exact in gradients.items()
                                        if exact.norm() > 1e-9)
    return result


def classifier(make):
    def record():
        forward, size = make()
        return measured_case(forward, picture(4, size))
    return record


def picture(n, size):
    return {"input.pixels": formula.uniform("input.pixels", (n, size, size, 3))}


def tokens(n, context, vocab):
    return {"input.ids": formula.integers("input.ids", (n, context), vocab),
            "input.end": formula.integers("input.end", (n,), context)}


def nchw(inputs):
    return inputs["input.pixels"].permute(0, 3, 1, 2)


def text(p, i, quick_gelu=False):
    return models.text_tower(p, i["input.ids"], i["input.end"], vocab=19, width=16, layers=2, heads=4, embed=8,
                             quick_gelu=quick_gelu)


def clip_text(embed, quick_gelu):
    """The text tower of open_clip's ViT-B-32 and RN50."""
    return case(lambda p, i: models.text_tower(p, i["input.ids"], i["input.end"], vocab=49408, width=512, layers=12,
                                               heads=8, embed=embed, quick_gelu=quick_gelu), tokens(2, 77, 49408))


def vit_b_32():
    return case(lambda p, i: models.vision_transformer(p, nchw(i), patch=32, width=768, layers=12, heads=12, embed=512,
                                                       quick_gelu=False), picture(2, 224))


def rn50():
    return deep_case(lambda p, i: models.modified_resnet(p, nchw(i), width=64, layers=(3, 4, 6, 3), heads=32,
                                                         embed=1024), picture(2, 224))


def vit(p, i, quick_gelu=True):
    return models.vision_transformer(p, nchw(i), patch=4, width=16, layers=2, heads=2, embed=8,
                                     quick_gelu=quick_gelu)


def modified_resnet(p, i):
    return models.modified_resnet(p, nchw(i), width=4, layers=(2, 1, 1, 1), heads=4, embed=8)


def resnet(p, i):
    return models.resnet(p, nchw(i), widths=(16, 24), blocks=(2, 1), outputs=5)


def resnet_feature_norm(p, i):
    return models.resnet(p, nchw(i), widths=(16, 24), blocks=(1, 1), outputs=5, stem_stride=2, feature_norm=True)


def clip(p, i):
    image = models.resnet(p, nchw(i), widths=(16, 24), blocks=(1, 1), outputs=8, prefix="visual.")
    return models.info_nce(p, image, text(p, i)).reshape(1)


def positions():
    """A class token and a grid of positions for grids of other sizes, as open_clip resizes them."""
    result = {}
    for old, new in ((7, 12), (12, 7), (16, 7), (3, 10), (24, 5)):
        table = formula.uniform("positions", (1 + old * old, 3))
        grid = table[1:].reshape(1, old, old, 3).permute(0, 3, 1, 2)
        grid = F.interpolate(grid, size=(new, new), mode="bicubic", antialias=True, align_corners=False)
        result[f"{old} {new}"] = numbers(torch.cat([table[:1], grid.permute(0, 2, 3, 1).reshape(new * new, 3)]))
    return {"resized": result}


def generator(standardise, bound=lambda raw: raw):
    def forward(p, i):
        return bound(models.generator(p, i["input.caption"], i["input.latent"], width=4, multipliers=(4, 4, 2),
                                      hidden=9, mask_hidden=5, standardise=standardise))
    return forward


def conditions():
    return {"input.caption": formula.uniform("input.caption", (3, 12)),
            "input.latent": formula.uniform("input.latent", (3, 7))}


cases = {
    "text": lambda: case(text, tokens(3, 7, 19)),
    "text_quick_gelu": lambda: case(lambda p, i: text(p, i, True), tokens(3, 7, 19)),
    "vit": lambda: case(vit, picture(2, 12)),
    "vit_gelu": lambda: case(lambda p, i: vit(p, i, False), picture(2, 12)),
    "modified_resnet": lambda: case(modified_resnet, picture(4, 64)),
    "clip_vit_b_32_image": vit_b_32,
    "clip_vit_b_32_text": lambda: clip_text(512, False),
    "clip_rn50_image": rn50,
    "clip_rn50_quickgelu_text": lambda: clip_text(1024, True),
    "positions": positions,
    "resnet": lambda: case(resnet, picture(3, 10)),
    "resnet_feature_norm": lambda: case(resnet_feature_norm, picture(4, 10)),
    "clip": lambda: case(clip, {**picture(4, 8), **tokens(4, 7, 19)}),
    "generator": lambda: case(generator(False), conditions()),
    "generator_standardised": lambda: case(generator(True), conditions()),
    "noise_tanh_scale": lambda: case(generator(False, lambda raw: EPS * torch.tanh(raw)), conditions()),
    "noise_clamp": lambda: case(generator(False, lambda raw: torch.tanh(raw).clamp(-EPS, EPS)), conditions()),
    **{name: classifier(make) for name, make in classifiers.cases.items()},
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = sys.argv[1:] or cases
    for name, make in ((name, cases[name]) for name in wanted):
        path = pathlib.Path(__file__).with_name(name + ".json")
        result = {"command": "/usr/bin/python3 tests/reference/make.py", "seed": "none: formula.py",
                  "torch": torch.__version__, **make()}
        path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
        print(path.name, path.stat().st_size, "bytes")

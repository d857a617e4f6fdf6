#!/usr/bin/env python3
"""Writes tests/reference/picture_ops.json, which tests/data/picture_reference_test.cpp compares with:
/usr/bin/python3 tests/reference/picture_ops.py (Debian's python3-torchvision).

`pictures`: by name, the side lengths and every operation's result, in hexadecimal, as torchvision's augmentations
apply it to a picture of the Python Imaging Library. `magnitudes` and `auto_augment`: torchvision's tables.
"""
import json
import math
import pathlib

import PIL
import torchvision
from PIL import Image
from torchvision.transforms import AutoAugment, AutoAugmentPolicy, RandAugment, TrivialAugmentWide
from torchvision.transforms import functional as F

import formula

OUTSIDE = (128, 128, 128)
NAMES = {"ShearX": "shear_x", "ShearY": "shear_y", "TranslateX": "translate_x", "TranslateY": "translate_y",
         "Rotate": "rotate", "Brightness": "brightness", "Color": "color", "Contrast": "contrast",
         "Sharpness": "sharpness", "Posterize": "posterize", "Solarize": "solarize", "AutoContrast": "autocontrast",
         "Equalize": "equalize", "Invert": "invert", "Identity": "identity"}


def affine(*coefficients):
    return lambda image: image.transform(image.size, Image.Transform.AFFINE, coefficients, Image.Resampling.NEAREST,
                                         fillcolor=OUTSIDE)


# Directions of shears and translations are drawn, so it is the Imaging Library that says what their signs are here.
OPS = {
    "shear_x": lambda m: affine(1, m, 0, 0, 1, 0),
    "shear_y": lambda m: affine(1, 0, 0, m, 1, 0),
    "translate_x": lambda m: affine(1, 0, math.trunc(m), 0, 1, 0),
    "translate_y": lambda m: affine(1, 0, 0, 0, 1, math.trunc(m)),
    "rotate": lambda m: lambda image: F.rotate(image, m, fill=OUTSIDE),
    "brightness": lambda m: lambda image: F.adjust_brightness(image, m),
    "color": lambda m: lambda image: F.adjust_saturation(image, m),
    "contrast": lambda m: lambda image: F.adjust_contrast(image, m),
    "sharpness": lambda m: lambda image: F.adjust_sharpness(image, m),
    "posterize": lambda m: lambda image: F.posterize(image, int(m)),
    "solarize": lambda m: lambda image: F.solarize(image, m),
    "autocontrast": lambda m: F.autocontrast,
    "equalize": lambda m: F.equalize,
    "invert": lambda m: F.invert,
}
FACTORS = (0.1, 0.37, 1.27, 1.9)
MAGNITUDES = {
    "shear_x": (0.1, -0.3, 0.99), "shear_y": (0.1, -0.3, -0.99), "translate_x": (4.9, -3.0), "translate_y": (-2.3, 5.0),
    "rotate": (3.3, -20.0, 90.0, 135.0, -117.5), "brightness": FACTORS, "color": FACTORS, "contrast": FACTORS,
    "sharpness": FACTORS, "posterize": (8, 5, 2), "solarize": (255.0, 198.33, 85.0, 0.0),
    "autocontrast": (0,), "equalize": (0,), "invert": (0,),
}


def picture(name, height, width, low=0, levels=256):
    """Numbers of the formula; smooth ones where `levels` are few."""
    values = [low + int(word) % levels for word in formula.words(name, height * width * 3)]
    return Image.frombytes("RGB", (width, height), bytes(values))


def record(image, ops=tuple(OPS)):
    results = [{"op": op, "magnitude": m, "pixels": OPS[op](m)(image).tobytes().hex()}
               for op in ops for m in MAGNITUDES[op]]
    return {"height": image.height, "width": image.width, "pixels": image.tobytes().hex(), "results": results}


def space(policy, bins):
    """A policy's magnitudes for pictures of 32 pixels, as factors where torchvision adds them to one."""
    table = policy._augmentation_space(*bins)
    result = {}
    for name, (magnitudes, _) in table.items():
        if magnitudes.dim() == 0:
            continue
        op = NAMES[name]
        offset = 1.0 if op in ("brightness", "color", "contrast", "sharpness") else 0.0
        result[op] = [int(m) if op.startswith("translate") else offset + float(m) for m in magnitudes]
    return result


if __name__ == "__main__":
    side, auto = (32, 32), AutoAugment(AutoAugmentPolicy.CIFAR10)
    result = {
        "command": "/usr/bin/python3 tests/reference/picture_ops.py", "seed": "none: formula.py",
        "pillow": PIL.__version__, "torchvision": torchvision.__version__,
        "pictures": [record(picture("square", 12, 12)), record(picture("wide", 5, 14)),
                     record(picture("faint", 28, 23, 90, 40), ("contrast", "autocontrast", "equalize"))],
        "magnitudes": {"auto-augment": space(auto, (10, side)), "rand-augment": space(RandAugment(), (31, side)),
                       "trivial-augment": space(TrivialAugmentWide(), (31,))},
        "auto_augment": [[[NAMES[op], p, m] for op, p, m in policy] for policy in auto.policies],
    }
    path = pathlib.Path(__file__).with_name("picture_ops.json")
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(path.name, path.stat().st_size, "bytes")

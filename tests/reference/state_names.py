#!/usr/bin/env python3
"""Writes the names, types and shapes of the tensors that open_clip's CLIP and Hugging Face's CLIPModel keep:
/usr/bin/python3 tests/reference/state_names.py (Debian's python3-torch). The modules are put together here as
they are there (open_clip: model.py, transformer.py, modified_resnet.py; transformers: modeling_clip.py); the
names are those that torch.nn gives. tests/models/clip_weights_test.cpp compares.
"""
import pathlib
from collections import OrderedDict

import torch
from torch import nn

TYPES = {torch.float32: "F32", torch.int64: "I64"}


class Part(nn.Module):
    """A module of these children and, for tuples, parameters of that shape."""

    def __init__(self, **members):
        super().__init__()
        for name, member in members.items():
            if isinstance(member, tuple):
                member = nn.Parameter(torch.empty(member))
            setattr(self, name, member)


# ---- open_clip --------------------------------------------------------------------------------------------
def resblock(width, heads):
    mlp = nn.Sequential(OrderedDict(c_fc=nn.Linear(width, 4 * width), gelu=nn.GELU(),
                                    c_proj=nn.Linear(4 * width, width)))
    return Part(ln_1=nn.LayerNorm(width), attn=nn.MultiheadAttention(width, heads), ln_2=nn.LayerNorm(width), mlp=mlp)


def transformer(width, heads, layers):
    return Part(resblocks=nn.ModuleList([resblock(width, heads) for _ in range(layers)]))


def vision_transformer(size, patch, width, heads, layers, embed):
    return Part(class_embedding=(width,), positional_embedding=((size // patch) ** 2 + 1, width), proj=(width, embed),
                conv1=nn.Conv2d(3, width, patch, patch, bias=False), ln_pre=nn.LayerNorm(width),
                transformer=transformer(width, heads, layers), ln_post=nn.LayerNorm(width))


def bottleneck(inside, planes, stride):
    part = Part(conv1=nn.Conv2d(inside, planes, 1, bias=False), bn1=nn.BatchNorm2d(planes),
                conv2=nn.Conv2d(planes, planes, 3, padding=1, bias=False), bn2=nn.BatchNorm2d(planes),
                conv3=nn.Conv2d(planes, 4 * planes, 1, bias=False), bn3=nn.BatchNorm2d(4 * planes))
    if stride > 1 or inside != 4 * planes:
        part.downsample = nn.Sequential(OrderedDict([
            ("-1", nn.AvgPool2d(stride)), ("0", nn.Conv2d(inside, 4 * planes, 1, bias=False)),
            ("1", nn.BatchNorm2d(4 * planes))]))
    return part


def modified_resnet(size, width, layers, embed):
    half = width // 2
    part = Part(conv1=nn.Conv2d(3, half, 3, 2, 1, bias=False), bn1=nn.BatchNorm2d(half),
                conv2=nn.Conv2d(half, half, 3, padding=1, bias=False), bn2=nn.BatchNorm2d(half),
                conv3=nn.Conv2d(half, width, 3, padding=1, bias=False), bn3=nn.BatchNorm2d(width))
    inside = width
    for stage, count in enumerate(layers):
        planes, blocks = width << stage, []
        for i in range(count):
            blocks.append(bottleneck(inside, planes, 2 if stage > 0 and i == 0 else 1))
            inside = 4 * planes
        setattr(part, f"layer{stage + 1}", nn.Sequential(*blocks))
    part.attnpool = Part(positional_embedding=((size // 32) ** 2 + 1, inside), k_proj=nn.Linear(inside, inside),
                         q_proj=nn.Linear(inside, inside), v_proj=nn.Linear(inside, inside),
                         c_proj=nn.Linear(inside, embed))
    return part


def open_clip(visual, embed, width=512, heads=8, layers=12, context=77, vocabulary=49408):
    return Part(positional_embedding=(context, width), text_projection=(width, embed), logit_scale=(), visual=visual,
                transformer=transformer(width, heads, layers), token_embedding=nn.Embedding(vocabulary, width),
                ln_final=nn.LayerNorm(width))


# ---- Hugging Face -----------------------------------------------------------------------------------------
def encoder(width, layers):
    def layer():
        projections = {name + "_proj": nn.Linear(width, width) for name in ("k", "v", "q", "out")}
        return Part(self_attn=Part(**projections), layer_norm1=nn.LayerNorm(width),
                    mlp=Part(fc1=nn.Linear(width, 4 * width), fc2=nn.Linear(4 * width, width)),
                    layer_norm2=nn.LayerNorm(width))

    return Part(layers=nn.ModuleList([layer() for _ in range(layers)]))


def embeddings(count, width, **members):
    part = Part(position_embedding=nn.Embedding(count, width), **members)
    part.register_buffer("position_ids", torch.zeros(1, count, dtype=torch.int64))  # kept in older files
    return part


def hugging_face(size, patch, width, layers, text_width, embed, text_layers=12, context=77, vocabulary=49408):
    text = Part(embeddings=embeddings(context, text_width, token_embedding=nn.Embedding(vocabulary, text_width)),
                encoder=encoder(text_width, text_layers), final_layer_norm=nn.LayerNorm(text_width))
    vision = Part(embeddings=embeddings((size // patch) ** 2 + 1, width, class_embedding=(width,),
                                        patch_embedding=nn.Conv2d(3, width, patch, patch, bias=False)),
                  pre_layrnorm=nn.LayerNorm(width), encoder=encoder(width, layers),
                  post_layernorm=nn.LayerNorm(width))
    return Part(logit_scale=(), text_model=text, vision_model=vision,
                visual_projection=nn.Linear(width, embed, bias=False),
                text_projection=nn.Linear(text_width, embed, bias=False))


models = {
    "open_clip_vit_b_32": lambda: open_clip(vision_transformer(224, 32, 768, 12, 12, 512), 512),
    "open_clip_rn50": lambda: open_clip(modified_resnet(224, 64, (3, 4, 6, 3), 1024), 1024),
    "hugging_face_vit_b_32": lambda: hugging_face(224, 32, 768, 12, 512, 512),
}

if __name__ == "__main__":
    for name, make in models.items():
        path = pathlib.Path(__file__).with_name(name + ".txt")
        lines = [f"{k} {TYPES[v.dtype]} {list(v.shape)}" for k, v in sorted(make().state_dict().items())]
        path.write_text("\n".join(lines) + "\n")
        print(path.name, len(lines), "tensors")

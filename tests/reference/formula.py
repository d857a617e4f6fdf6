"""Tensors that this script and the C++ tests both compute, so that files need to hold outputs only.

Number i of the tensor `name`: FNV-1a (32 bits) of the name, plus i times 0x9E3779B1, through MurmurHash3's
finaliser; its upper 24 bits are u in [-1, 1). Tensors are laid out as t2ue stores them, flattened in C order.
"""
import numpy as np
import torch


def words(name, count):
    h = 0x811C9DC5
    for byte in name.encode():
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B1) + np.uint64(h)) & np.uint64(0xFFFFFFFF)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(16))


def uniform(name, shape):
    """u in [-1, 1), exact in float32."""
    u = (words(name, int(np.prod(shape))) >> np.uint64(8)).astype(np.float64) * 2.0**-23 - 1.0
    return torch.from_numpy(u.reshape(shape))


def integers(name, shape, below):
    return torch.from_numpy((words(name, int(np.prod(shape))) % np.uint64(below)).astype(np.int64).reshape(shape))


def parameter(name, shape):
    """A parameter's numbers: what it is for is read off its name, and its size is that of a trained one."""
    u = uniform(name, shape)
    if name.endswith("_var"):
        value = 1.0 + 0.5 * u
    elif name.endswith("_mean"):
        value = 0.2 * u
    elif name == "logit_scale":
        value = 2.0 + u
    elif len(shape) == 1 and name.endswith(("weight", "gain")):
        value = 1.0 + 0.25 * u
    elif len(shape) == 1:
        value = 0.1 * u
    else:
        value = float(np.sqrt(3.0 * shape[0] / np.prod(shape))) * u
    return value.float().double()  # what fp32 holds, computed on in float64


class Parameters:
    """Hands out parameters by t2ue's name and shape, and remembers them."""

    def __init__(self, training, dtype=torch.float64):
        self.training, self.dtype = training, dtype
        self.trained, self.buffers = {}, {}

    def __call__(self, name, *shape):
        if name not in self.trained:
            self.trained[name] = parameter(name, shape).to(self.dtype).requires_grad_()
        return self.trained[name]

    def buffer(self, name, *shape):
        if name not in self.buffers:
            self.buffers[name] = parameter(name, shape).to(self.dtype)
        return self.buffers[name]

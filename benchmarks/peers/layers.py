"""What the peers share: weights as t2ue saves them, and attention."""
import json
import struct

import torch
import torch.nn.functional as F


def read_safetensors(path):
    """Tensors by name; t2ue writes f32 only."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    tensors = {}
    for name, facts in header.items():
        if name == "__metadata__":
            continue
        assert facts["dtype"] == "F32", f"{name} is {facts['dtype']}"
        begin, end = facts["data_offsets"]
        tensors[name] = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4,
                                         offset=begin).reshape(facts["shape"])
    return tensors


def load(module, tensors, prefix):
    """Puts t2ue's weights with this prefix into a module whose names are t2ue's. Convolutions are [K,R,S,C] there."""
    state = module.state_dict()
    missing = set(state)
    with torch.no_grad():
        for name, value in tensors.items():
            name = name.removeprefix(prefix) if name.startswith(prefix) else None
            if name not in state:
                continue
            target = state[name]
            target.copy_(value.permute(0, 3, 1, 2) if value.ndim == 4 else value.reshape(target.shape))
            missing.discard(name)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    assert not missing, f"not in the file: {sorted(missing)}"


def attend(q, k, v, causal=False):
    """q, k, v [N,heads,T,C]."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        scores = scores + torch.full(scores.shape[-2:], float("-inf"), device=q.device).triu(1)
    return scores.softmax(-1) @ v

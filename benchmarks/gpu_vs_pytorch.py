#!/usr/bin/env python3
"""The steps of gpu_step_bench in PyTorch, on the same GPU: gpu_vs_pytorch.py GPU_STEP_BENCH OUTPUT.json
[--quick] [--cpu] [--rounds N] [--batch N] [--clip-batch N] [--early-shortcut].

PyTorch runs eagerly and as torch.compile(mode="max-autotune") makes it, which captures CUDA graphs; both with bf16
autocast, channels_last and fused optimisers. Rounds of t2ue and of PyTorch alternate; the ratio is that of the medians.
Where the two differ, PyTorch has less to do: one shift for the whole batch, no quantisation of pixels, no gradient norm.
--early-shortcut gives PyTorch's generator t2ue's exact rewrite of the 1x1 shortcut as well. --cpu compares tiny models
with PyTorch run eagerly: that tests this script, and nothing else."""
import argparse
import json
import pathlib
import statistics
import subprocess
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
FULL = dict(image=224, patch=32, width=768, layers=12, heads=12, text_width=512, text_heads=8, tokens=77, vocab=49408,
            embed=512, ngf=64, multipliers=(8, 8, 8, 8, 4, 2, 1), hidden=256, mask_hidden=100, latent=100)
TINY = dict(image=16, patch=8, width=32, layers=2, heads=2, text_width=32, text_heads=2, tokens=8, vocab=64, embed=32,
            ngf=4, multipliers=(2, 2, 1), hidden=8, mask_hidden=8, latent=100)


# ---- CLIP ---------------------------------------------------------------------------------------------------------
class Block(nn.Module):
    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def attend(self, x):
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        else:
            scores = q @ k.transpose(-1, -2) / (c // self.heads) ** 0.5
            if self.causal:
                scores = scores + torch.full((t, t), float("-inf"), device=x.device).triu(1)
            y = scores.softmax(-1) @ v
        return self.out(y.transpose(1, 2).reshape(n, t, c))

    def forward(self, x):
        x = x + self.attend(self.ln_1(x))
        return x + self.c_proj(F.gelu(self.c_fc(self.ln_2(x))))


class Clip(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, patches = c["width"], (c["image"] // c["patch"]) ** 2
        self.conv1 = nn.Conv2d(3, width, c["patch"], c["patch"], bias=False)
        self.token = nn.Parameter(torch.randn(width) * width ** -0.5)
        self.position = nn.Parameter(torch.randn(patches + 1, width) * width ** -0.5)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*[Block(width, c["heads"], False) for _ in range(c["layers"])])
        self.proj = nn.Linear(width, c["embed"], bias=False)
        self.embedding = nn.Embedding(c["vocab"], c["text_width"])
        self.text_position = nn.Parameter(torch.randn(c["tokens"], c["text_width"]) * 0.01)
        self.text_blocks = nn.Sequential(*[Block(c["text_width"], c["text_heads"], True) for _ in range(c["layers"])])
        self.ln_final = nn.LayerNorm(c["text_width"])
        self.text_projection = nn.Linear(c["text_width"], c["embed"], bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(2.6592600))

    def image(self, pixels):
        x = self.conv1(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.to(x.dtype).expand(len(x), 1, -1), x], 1) + self.position
        return self.proj(self.ln_post(self.blocks(self.ln_pre(x))[:, 0]))

    def text(self, ids, end):
        x = self.text_blocks(self.embedding(ids) + self.text_position)
        return self.text_projection(self.ln_final(x[torch.arange(len(ids), device=ids.device), end]))

    def loss(self, pixels, ids, end):
        image, text = F.normalize(self.image(pixels).float(), dim=1), F.normalize(self.text(ids, end).float(), dim=1)
        logits = self.logit_scale.exp() * image @ text.t()
        target = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2


# ---- the generator --------------------------------------------------------------------------------------------------
class Sscbn(nn.Module):
    def __init__(self, c, channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gamma, self.beta = (nn.Sequential(nn.Linear(c["embed"], c["hidden"]), nn.ReLU(),
                                               nn.Linear(c["hidden"], channels)) for _ in range(2))

    def forward(self, x, caption, mask):
        gamma, beta = self.gamma(caption)[:, :, None, None], self.beta(caption)[:, :, None, None]
        return F.relu((1 + mask * gamma) * self.norm(x) + mask * beta)


def mask_head(c, channels):
    return nn.Sequential(nn.Conv2d(channels, c["mask_hidden"], 3, 1, 1), nn.BatchNorm2d(c["mask_hidden"]), nn.ReLU(),
                         nn.Conv2d(c["mask_hidden"], 1, 1))


class SsaBlock(nn.Module):
    def __init__(self, c, inside, out, last, early):
        super().__init__()
        self.early = early
        self.norm1, self.norm2 = Sscbn(c, inside), Sscbn(c, out)
        self.conv1, self.conv2 = nn.Conv2d(inside, out, 3, 1, 1), nn.Conv2d(out, out, 3, 1, 1)
        self.gain = nn.Parameter(torch.zeros(1))
        self.shortcut = nn.Conv2d(inside, out, 1) if inside != out else nn.Identity()
        self.mask = None if last else mask_head(c, out)

    def forward(self, x, caption, mask, up):
        large = F.interpolate(x, scale_factor=2, mode="nearest") if up else x
        inner = self.conv1(self.norm1(large, caption, mask))
        inner = self.conv2(self.norm2(inner, caption, mask))
        if not self.early:
            return self.shortcut(large) + self.gain * inner
        short = self.shortcut(x)
        return (F.interpolate(short, scale_factor=2, mode="nearest") if up else short) + self.gain * inner


class Generator(nn.Module):
    def __init__(self, c, early):
        super().__init__()
        channels = [m * c["ngf"] for m in c["multipliers"]]
        self.channels = channels[0]
        self.fc = nn.Linear(c["latent"], 16 * channels[0])
        self.mask = mask_head(c, channels[0])
        self.blocks = nn.ModuleList(SsaBlock(c, channels[max(i - 1, 0)], out, i + 1 == len(channels), early)
                                    for i, out in enumerate(channels))
        self.norm, self.conv = nn.BatchNorm2d(channels[-1]), nn.Conv2d(channels[-1], 3, 3, 1, 1)

    def forward(self, caption, latent):
        x = self.fc(latent).reshape(-1, 4, 4, self.channels).permute(0, 3, 1, 2)
        logits = self.mask(x)
        for i, block in enumerate(self.blocks):
            if i > 0:
                logits = F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=True)
            x = block(x, caption, torch.sigmoid(logits), i > 0)
            if block.mask is not None:
                logits = block.mask(x)
        return torch.tanh(self.conv(F.leaky_relu(self.norm(x), 0.2)).float()) * (8 / 255)


# ---- the steps ------------------------------------------------------------------------------------------------------
class Work:
    """The three steps; `compiled` wraps what is differentiated."""

    def __init__(self, c, options, compiled):
        self.c, self.cpu = c, options.cpu
        self.device = "cpu" if options.cpu else "cuda"
        self.early, self.compiled = options.early_shortcut, compiled
        self.mean, self.std = (torch.tensor(v, device=self.device)[:, None, None] for v in (MEAN, STD))

    def place(self, model):
        return model.to(self.device).to(memory_format=torch.channels_last)

    def wrap(self, function):
        return torch.compile(function, mode="max-autotune") if self.compiled else function

    def autocast(self):
        return torch.autocast(self.device, torch.bfloat16, enabled=not self.cpu)

    def batch(self, count):
        c = self.c
        images = torch.randint(0, 256, (count, c["image"], c["image"], 3), dtype=torch.uint8).permute(0, 3, 1, 2)
        ids, end = torch.randint(0, c["vocab"], (count, c["tokens"])), torch.full((count,), c["tokens"] - 1)
        rest = torch.randn(count, c["embed"]), torch.randn(count, c["latent"])
        return [x.to(self.device) for x in (images, ids, end, *rest)]

    def pixels(self, images, noise=None):
        x = images.float() / 255
        if noise is not None:
            x = (x + noise).clamp(0, 1)
        x = F.pad(x, (4, 4, 4, 4), mode="replicate")[:, :, 3:3 + x.shape[2], 5:5 + x.shape[3]]
        x = torch.where(self.flip[:len(x)], x.flip(3), x)
        return (x - self.mean) / self.std

    def trainer(self, loss, parameters, kind, **options):
        fused = {} if self.cpu else dict(fused=True, capturable=True)
        optimizer = kind(parameters, 1e-4, **options, **fused)

        def step():
            if self.compiled:
                torch.compiler.cudagraph_mark_step_begin()
            optimizer.zero_grad(set_to_none=True)
            loss().backward()
            optimizer.step()
        return step

    def step(self, what, count):
        images, ids, end, caption, latent = self.batch(count)
        self.flip = torch.rand(count, 1, 1, 1, device=self.device) < 0.5
        clip = self.place(Clip(self.c))
        if what == "clip_step":
            def clip_loss():
                with self.autocast():
                    return clip.loss(self.pixels(images), ids, end)
            return self.trainer(self.wrap(clip_loss), clip.parameters(), torch.optim.AdamW, weight_decay=0.1)
        generator = self.place(Generator(self.c, self.early))
        clip.requires_grad_(False)
        if what == "t2ue_step":
            def noise_loss():
                with self.autocast():
                    noise = generator(caption, latent)
                    if noise.shape[2] != self.c["image"]:
                        noise = F.interpolate(noise, size=self.c["image"], mode="bilinear", align_corners=False)
                    return clip.loss(self.pixels(images, noise), ids, end)
            return self.trainer(self.wrap(noise_loss), generator.parameters(), torch.optim.Adam, betas=(0.0, 0.9))
        generator.eval()

        def noise():
            with torch.no_grad(), self.autocast():
                return generator(clip.text(ids, end), latent)
        noise = self.wrap(noise)

        def step():
            if self.compiled:
                torch.compiler.cudagraph_mark_step_begin()
            noise()
        return step


def milliseconds(step, steps, cpu):
    synchronise = (lambda: None) if cpu else torch.cuda.synchronize
    synchronise()
    start = time.perf_counter()
    for _ in range(steps):
        step()
    synchronise()
    return 1e3 * (time.perf_counter() - start) / steps


def ours(options, what):
    command = [options.bench, "--device", "cpu" if options.cpu else "cuda", "--quick", "--only", what, "--batch",
               str(options.batch), "--clip-batch", str(options.clip_batch)]
    return json.loads(subprocess.check_output(command))["rows"][0]["ms"]


def clocks():
    query = "--query-gpu=name,clocks.sm,clocks.mem,power.draw,temperature.gpu"
    try:
        return subprocess.check_output(["nvidia-smi", query, "--format=csv,noheader"], text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--cpu", action="store_true", help="tiny models, PyTorch eager: a test of this script")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--clip-batch", type=int)
    parser.add_argument("--early-shortcut", action="store_true")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.batch = options.batch or (4 if options.cpu else 128)
    options.clip_batch = options.clip_batch or (4 if options.cpu else 1024)
    steps = 3 if options.quick else 10
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    rows = []
    for what in ("t2ue_step", "clip_step", "noise_from_captions"):
        count = options.clip_batch if what == "clip_step" else options.batch
        for compiled in (False,) if options.cpu else (False, True):
            step = Work(TINY if options.cpu else FULL, options, compiled).step(what, count)
            for _ in range(2 if options.cpu else 5):
                step()
            t2ue, pytorch, seen = [], [], []
            for _ in range(options.rounds):
                t2ue.append(ours(options, what))
                pytorch.append(milliseconds(step, steps, options.cpu))
                seen.append(clocks())
            row = {"what": what, "batch": count, "pytorch": "compiled" if compiled else "eager",
                   "t2ue_ms": statistics.median(t2ue), "pytorch_ms": statistics.median(pytorch),
                   "ratio": statistics.median(pytorch) / statistics.median(t2ue), "t2ue_rounds": t2ue,
                   "pytorch_rounds": pytorch, "clocks": seen}
            rows.append(row)
            print(f"{what:20} batch {count:5}  t2ue {row['t2ue_ms']:9.2f} ms  PyTorch {row['pytorch']:8} "
                  f"{row['pytorch_ms']:9.2f} ms  {row['ratio']:.2f} times", flush=True)
            del step
            if not options.cpu:
                torch._dynamo.reset()
                torch.cuda.empty_cache()
    device = "cpu" if options.cpu else torch.cuda.get_device_name()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({"torch": torch.__version__, "device": device, "tiny": options.cpu,
                                          "early_shortcut": options.early_shortcut, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

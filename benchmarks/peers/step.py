#!/usr/bin/env python3
"""One step of gpu_step_bench in plain PyTorch: step.py WHAT BATCH [--mode eager|compiled] [--rounds N] [--steps N] [--cpu]
[--tiny] [--early-shortcut] [--precision fp32|bf16] [--check FILE]. Prints JSON.

bf16 autocast, channels_last, fused optimisers, scaled_dot_product_attention; compiled is torch.compile(mode="reduce-overhead"),
which captures CUDA graphs, or the mode that --compile-mode names. Where it and t2ue differ, PyTorch has less to do: one shift
for the whole batch, and no gradient norm. --early-shortcut gives its generator t2ue's exact rewrite of the 1x1 shortcut as well.
--cpu computes on the CPU in fp32, --tiny takes tiny models: that tests this script, and nothing else. --check FILE takes weights and inputs
that t2ue saved, and prints the loss and its gradient's norm without augmentation."""
import argparse
import json
import pathlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import clip as clips  # noqa: E402
import generator as generators  # noqa: E402
import layers  # noqa: E402
import resnet as resnets  # noqa: E402

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
STEPS = ("t2ue_step", "clip_vit_b_32_step", "clip_rn50_step", "resnet18_step", "noise_from_captions")


class Work:
    """Models and a batch of random data; `loss` is what is differentiated, or the result of inference."""

    def __init__(self, what, batch, options):
        self.what, self.tiny, self.batch = what, options.tiny, batch
        self.device = "cpu" if options.cpu else "cuda"
        self.bf16 = options.precision == "bf16" and not options.cpu
        self.mean, self.std = (torch.tensor(v, device=self.device)[:, None, None] for v in (MEAN, STD))
        self.augments, self.models, self.trained = True, {}, None
        if what == "resnet18_step":
            self.config = dict(image=32)
            self.models["classifier."] = self.place(resnets.ResNet(resnets.TINY if self.tiny else resnets.RESNET18))
            self.trained = self.models["classifier."]
        else:
            tower = ((clips.TINY_RN50 if self.tiny else clips.RN50) if what == "clip_rn50_step" else
                     (clips.TINY_VIT if self.tiny else clips.VIT_B_32))
            self.config, self.clip = tower, self.place(clips.Clip(tower))
            self.models["clip."] = self.trained = self.clip
        if what in ("t2ue_step", "noise_from_captions"):
            self.clip.requires_grad_(False)
            facts = generators.TINY if self.tiny else generators.T2UE
            self.generator = self.place(generators.Generator(facts, options.early_shortcut))
            self.models["generator."] = self.trained = self.generator
        if what == "noise_from_captions":
            self.generator.eval()
            self.trained = None
        self.inputs = self.random_inputs()
        self.flip = torch.rand(batch, 1, 1, 1, device=self.device) < 0.5

    def place(self, model):
        return model.to(self.device).to(memory_format=torch.channels_last)

    def random_inputs(self):
        side, n = self.config["image"], self.batch
        made = {"images": torch.randint(0, 256, (n, side, side, 3), dtype=torch.uint8), "labels": torch.randint(0, 10, (n,))}
        if "tokens" in self.config:
            made["ids"] = torch.randint(0, self.config["vocab"], (n, self.config["tokens"]))
            made["end"] = torch.full((n,), self.config["tokens"] - 1)
            made["captions"], made["latent"] = torch.randn(n, self.config["embed"]), torch.randn(n, 100)
        return {name: tensor.to(self.device) for name, tensor in made.items()}

    def take(self, path):
        """Weights and inputs that t2ue saved; no augmentation from here on."""
        tensors = layers.read_safetensors(path)
        for prefix, model in self.models.items():
            layers.load(model, tensors, prefix)
        for name in list(self.inputs):
            if f"inputs.{name}" in tensors:
                self.inputs[name] = tensors[f"inputs.{name}"].to(self.inputs[name].dtype).to(self.device)
        self.augments = False

    def pixels(self, noise=None):
        x = self.inputs["images"].permute(0, 3, 1, 2).float() / 255
        if noise is not None:
            x = (x + noise).clamp(0, 1)
            x = x + ((x * 255).round() / 255 - x).detach()
        if self.augments:
            x = F.pad(x, (4, 4, 4, 4), mode="replicate")[:, :, 3:3 + x.shape[2], 5:5 + x.shape[3]]
            x = torch.where(self.flip, x.flip(3), x)
        return (x - self.mean) / self.std

    def loss(self):
        i = self.inputs
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            if self.what == "resnet18_step":
                return F.cross_entropy(self.trained(self.pixels()), i["labels"])
            if self.what == "noise_from_captions":
                with torch.no_grad():
                    return self.generator(self.clip.text(i["ids"], i["end"]), i["latent"])
            if self.what != "t2ue_step":
                return self.clip.loss(self.pixels(), i["ids"], i["end"])
            noise = self.generator(i["captions"], i["latent"])
            side = self.config["image"]
            if noise.shape[2] != side:
                noise = F.interpolate(noise, size=side, mode="bilinear", align_corners=False)
            return self.clip.loss(self.pixels(noise), i["ids"], i["end"])

    def optimizer(self):
        fused = {} if self.device == "cpu" else dict(fused=True)
        if self.what == "resnet18_step":
            return torch.optim.SGD(self.trained.parameters(), 1e-4, momentum=0.9, weight_decay=5e-4, **fused)
        if self.device != "cpu":
            fused["capturable"] = True
        if self.what == "t2ue_step":
            return torch.optim.Adam(self.trained.parameters(), 1e-4, betas=(0.0, 0.9), **fused)
        return torch.optim.AdamW(self.trained.parameters(), 1e-4, weight_decay=0.1, **fused)

    def step(self, options):
        compiled = options.mode == "compiled"
        loss = torch.compile(self.loss, mode=options.compile_mode) if compiled else self.loss
        optimizer = self.optimizer() if self.trained is not None else None

        def run():
            if compiled:
                torch.compiler.cudagraph_mark_step_begin()
            value = loss()
            if optimizer is not None:
                value.backward()
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        return run


def check(work, path):
    work.take(path)
    value = work.loss()
    norm = None
    if work.trained is not None:
        value.backward()
        norm = sum(p.grad.double().square().sum() for p in work.trained.parameters() if p.grad is not None).sqrt().item()
    return {"value": value.float().abs().mean().item(), "grad_norm": norm}


def timed(run, options):
    synchronise = (lambda: None) if options.cpu else torch.cuda.synchronize
    for _ in range(2 if options.cpu else 10):
        run()
    synchronise()
    rounds, queued = [], []
    for _ in range(options.rounds):
        start = time.perf_counter()
        for _ in range(options.steps):
            before = time.perf_counter()
            run()
            queued.append(time.perf_counter() - before)
        synchronise()
        rounds.append((time.perf_counter() - start) / options.steps)
    return {"ms": 1e3 * statistics.median(rounds), "least_ms": 1e3 * min(rounds), "most_ms": 1e3 * max(rounds),
            "host_us": 1e6 * statistics.median(queued),
            "peak_bytes": None if options.cpu else torch.cuda.max_memory_reserved()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=STEPS)
    parser.add_argument("batch", type=int)
    parser.add_argument("--mode", choices=("eager", "compiled"), default="eager")
    parser.add_argument("--compile-mode", default="reduce-overhead")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--early-shortcut", action="store_true")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    parser.add_argument("--check")
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.precision == "bf16"
    work = Work(options.what, options.batch, options)
    row = {"what": options.what, "batch": options.batch, "mode": options.mode, "torch": torch.__version__,
           "device": "cpu" if options.cpu else torch.cuda.get_device_name()}
    row.update(check(work, options.check) if options.check else timed(work.step(options), options))
    print(json.dumps(row))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The same work in t2ue and in PyTorch, rounds alternating: cpu_vs_pytorch.py STEP_BENCH OUTPUT.json [ROUNDS].
The PyTorch side is tests/reference/models.py in fp32. Two threads each; the least of the rounds' medians."""
import pathlib
import statistics
import subprocess
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests/reference"))
import formula  # noqa: E402
import models  # noqa: E402
import run_facts  # noqa: E402


class Fast(formula.Parameters):
    """fp32; convolution weights lie in memory as PyTorch wants them."""

    def __call__(self, name, *shape):
        if name not in self.trained:
            value = formula.parameter(name, shape).float()
            if len(shape) == 4:
                value = value.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
            self.trained[name] = value.requires_grad_()
        return self.trained[name]

    def buffer(self, name, *shape):
        return self.buffers.setdefault(name, torch.ones(shape))


def augmented(images):
    n = len(images)
    x = torch.nn.functional.pad(images.float() / 255, (4, 4, 4, 4), mode="replicate")
    at = torch.randint(0, 9, (2, n, 1)) + torch.arange(32)
    columns = torch.where(torch.rand(n, 1) < 0.5, at[1], at[1].flip(1))
    x = x[torch.arange(n)[:, None, None], :, at[0][:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    return ((x - 0.45) / 0.27).contiguous()


def trainer(loss):
    p, state = Fast(True), {}

    def step():
        value = loss(p)
        if not state:
            state["optimizer"] = torch.optim.AdamW(p.trained.values(), 1e-3, weight_decay=0.1)
        state["optimizer"].zero_grad()
        value.backward()
        state["optimizer"].step()
        return value.item()
    return step


def step_of(what, batch):
    images = torch.randint(0, 256, (batch, 3, 32, 32), dtype=torch.uint8)
    ids, end = torch.randint(0, 2048, (batch, 16)), torch.full((batch,), 15)
    tower = dict(widths=(24, 48, 96, 192), blocks=(1, 1, 1, 1), stem_stride=2, feature_norm=True)
    net = dict(widths=(16, 32, 64, 128), blocks=(1, 1, 1, 1))
    if what == "victim":
        return trainer(lambda p: models.info_nce(
            p, models.resnet(p, augmented(images), **tower, outputs=128, prefix="visual."),
            models.text_tower(p, ids, end, 2048, 128, 2, 4, 128)))
    if what == "classifier":
        labels = torch.arange(batch) % 8
        return trainer(lambda p: torch.nn.functional.cross_entropy(
            models.resnet(p, augmented(images), **net, outputs=8), labels))
    p = Fast(False)
    caption, latent = torch.zeros(batch, 512), torch.zeros(batch, 100)

    def step():
        with torch.no_grad():
            raw = models.generator(p, caption, latent, 64, (8, 8, 8, 8, 4, 2, 1), 256, 100, False)
            return torch.tanh(raw) * (8 / 255)
    return step


def pytorch_ms(step, steps):
    times = []
    for i in range(-2, steps):
        start = time.perf_counter()
        step()
        if i >= 0:
            times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


if __name__ == "__main__":
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(2)
    bench, output, rounds = sys.argv[1], pathlib.Path(sys.argv[2]), int((sys.argv + ["3"])[3])
    results = []
    for what, batch, steps in [("victim", 128, 10), ("victim", 64, 10), ("classifier", 128, 10), ("noise", 1, 3)]:
        step, ours, theirs = step_of(what, batch), [], []
        for _ in range(rounds):
            ours.append(float(subprocess.check_output([bench, what, str(batch), str(steps)])))
            theirs.append(pytorch_ms(step, steps))
        row = {"what": what, "batch": batch, "t2ue_ms": min(ours), "pytorch_ms": min(theirs),
               "ratio": min(theirs) / min(ours), "t2ue_rounds": ours, "pytorch_rounds": theirs}
        results.append(row)
        print(f"{what:10} batch {batch:3}  t2ue {min(ours):8.1f} ms  PyTorch {min(theirs):8.1f} ms  "
              f"{row['ratio']:.2f} times", flush=True)
    setting = f"fp32, 2 threads, PyTorch {torch.__version__}"
    run_facts.save(output, run_facts.facts(run_facts.processor(), setting=setting, rows=results))

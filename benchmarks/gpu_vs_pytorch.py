#!/usr/bin/env python3
"""Whole steps in t2ue and in PyTorch on the same GPU in the same run: gpu_vs_pytorch.py GPU_STEP_BENCH OUTPUT.json
[--only WHAT[,WHAT]] [--batch N[,N]] [--modes eager,compiled] [--checks fp32,bf16] [--quick] [--within SECONDS] [--tiny]
[--early-shortcut] [--compile-mode MODE].

benchmarks/peers has PyTorch's side. Each step is first computed once by both from the same weights and inputs: loss and
gradient norm must agree. Then processes of t2ue and of PyTorch alternate, each with medians over its rounds. OUTPUT is
written after every row; what --within leaves no time for stands in it as skipped. Exit code 1: a check failed. --tiny
compares tiny models on the CPU with PyTorch run eagerly: that tests this script, and nothing else."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import run_facts

STEPS = {"t2ue_step": (128, 32, 512), "clip_vit_b_32_step": (1024, 128), "clip_rn50_step": (128, 1024), "resnet18_step": (128,),
         "noise_from_captions": (128,)}
# Relative, of the loss (or the mean size of noise) and of the gradient's norm. fp32 is computed without TF32.
TOLERANCE = {"fp32": (1e-4, 1e-3), "bf16": (1e-2, 5e-2)}
CHECK_BATCH = 16


def run(command):
    return json.loads(subprocess.check_output([str(part) for part in command]))


class Peers:
    def __init__(self, options):
        self.options = options
        self.start = time.monotonic()

    def t2ue(self, what, batch, *more):
        quick = ["--quick"] if self.options.quick or self.options.tiny else []
        return run([self.options.bench, "--device", "cpu" if self.options.tiny else "cuda", "--only", what, "--batch", batch,
                    *quick, *more])["rows"]

    def pytorch(self, what, batch, *more):
        script = pathlib.Path(__file__).parent / "peers/step.py"
        flags = [f"--{name.replace('_', '-')}" for name in ("tiny", "early_shortcut") if getattr(self.options, name)]
        flags += ["--cpu"] if self.options.tiny else []
        quick = ["--rounds", 4, "--steps", 5] if self.options.quick or self.options.tiny else []
        return run([sys.executable, script, what, batch, "--compile-mode", self.options.compile_mode, *flags, *quick, *more])

    def is_late(self):
        return time.monotonic() - self.start > self.options.within

    def check(self, what, precision):
        """Whether both compute the same from the same weights."""
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "weights.safetensors"
            batch = 4 if self.options.tiny else CHECK_BATCH
            ours, = self.t2ue(what, batch, "--precision", precision, "--check", file)
            theirs = self.pytorch(what, batch, "--precision", precision, "--check", file)
        agrees = True
        for key, tolerance in zip(("value", "grad_norm"), TOLERANCE[precision]):
            if ours[key] is not None:
                agrees &= abs(ours[key] - theirs[key]) <= tolerance * abs(theirs[key])
        return {"what": what, "precision": precision, "agrees": agrees, "t2ue": [ours["value"], ours["grad_norm"]],
                "pytorch": [theirs["value"], theirs["grad_norm"]]}

    def compare(self, what, batch):
        """Rows, one for each mode of PyTorch, with t2ue's rounds between them. Where PyTorch fails, the row says so."""
        ours, theirs = self.t2ue(what, batch), []
        for mode in self.options.modes:
            try:
                theirs.append(self.pytorch(what, batch, "--mode", mode))
            except subprocess.CalledProcessError as error:
                theirs.append({"mode": mode, "error": str(error)})
            ours += self.t2ue(what, batch)
        milliseconds, first = statistics.median(row["ms"] for row in ours), ours[0]
        rows = []
        for row in theirs:
            ms = row.get("ms")
            rows.append({"what": what, "batch": batch, "pytorch": row["mode"], "t2ue_ms": milliseconds, "pytorch_ms": ms,
                         "ratio": ms and ms / milliseconds, "t2ue_rounds": [each["ms"] for each in ours],
                         "t2ue_tflops_a_second": first["flops"] / milliseconds / 1e9, "t2ue_host_us": first["host_us"],
                         "t2ue_peak_bytes": first["peak_bytes"], "t2ue_span_ms": [first["least_ms"], first["most_ms"]],
                         "pytorch_host_us": row.get("host_us"), "pytorch_peak_bytes": row.get("peak_bytes"),
                         "pytorch_span_ms": [row.get("least_ms"), row.get("most_ms")], "error": row.get("error")})
        return rows


def gpu():
    query = ["nvidia-smi", "--query-gpu=name,clocks.sm,clocks.mem,power.limit,temperature.gpu", "--format=csv,noheader"]
    try:
        return subprocess.check_output(query, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def names(text):
    return text.split(",")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--only", type=names, default=list(STEPS))
    parser.add_argument("--batch", type=lambda text: [int(each) for each in names(text)])
    parser.add_argument("--modes", type=names, default=["eager", "compiled"])
    parser.add_argument("--checks", type=names, default=["fp32", "bf16"])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--within", type=float, default=float("inf"), help="seconds after which nothing more is begun")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--early-shortcut", action="store_true")
    parser.add_argument("--compile-mode", default="reduce-overhead")
    options = parser.parse_args()
    if unknown := set(options.only) - set(STEPS):
        parser.error(f"there is no step {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    if options.tiny:
        options.modes, options.checks = ["eager"], ["fp32"]
    peers = Peers(options)
    device = run_facts.processor() + ", tiny models" if options.tiny else gpu() or "unknown"
    result = run_facts.facts(device, early_shortcut=options.early_shortcut, compile_mode=options.compile_mode, ceilings=[], checks=[],
                             rows=[], skipped=[], failed=[])
    result["setting"] = "fp32, eager" if options.tiny else f"bf16, PyTorch eager and torch.compile(mode=\"{options.compile_mode}\")"
    result["ceilings"] = peers.t2ue("ceiling", 1)
    for what in options.only:
        for precision in options.checks:
            if peers.is_late():
                result["skipped"].append(f"check of {what} in {precision}")
                continue
            try:
                check = peers.check(what, precision)
            except subprocess.CalledProcessError as error:
                result["failed"].append(f"check of {what} in {precision}: {error}")
                continue
            result["checks"].append(check)
            print(f"{what:20} {precision}  {'agrees' if check['agrees'] else 'DISAGREES'}: {check['t2ue']} and {check['pytorch']}",
                  flush=True)
        for batch in options.batch or ([4] if options.tiny else STEPS[what]):
            if peers.is_late():
                result["skipped"].append(f"{what}, batch {batch}")
                continue
            try:
                rows = peers.compare(what, batch)
            except subprocess.CalledProcessError as error:  # t2ue's own
                result["failed"].append(f"{what}, batch {batch}: {error}")
                continue
            result["rows"] += rows
            for row in rows:
                theirs = row["error"] or f"{row['pytorch_ms']:9.2f} ms  {row['ratio']:.2f} times"
                print(f"{what:20} batch {batch:5}  t2ue {row['t2ue_ms']:9.2f} ms  PyTorch {row['pytorch']:8} {theirs}", flush=True)
            run_facts.save(options.output, result)
    run_facts.save(options.output, result)
    for line in result["skipped"]:
        print(f"skipped: {line}")
    for line in result["failed"]:
        print(f"failed: {line}")
    return 0 if not result["failed"] and all(check["agrees"] for check in result["checks"]) else 1


if __name__ == "__main__":
    sys.exit(main())

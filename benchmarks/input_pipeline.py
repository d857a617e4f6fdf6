#!/usr/bin/env python3
"""JPEG photographs decoded and made 224 x 224, in t2ue and in Pillow with as many worker processes, rounds
alternating: input_pipeline.py INPUT_BENCH WORK_FOLDER [ROUNDS]. The photographs are made here: mosaics of the .jpg
files in the folder $INPUT_PICTURES or, without it, noise of all scales with the spectrum of photographs. Pillow's BOX
is the filter of ours, the mean of the area; its workers hand nothing back. The best of the rounds."""
import glob
import json
import multiprocessing
import os
import pathlib
import random
import subprocess
import sys
import time

import PIL
from PIL import Image, features

SIZE = 224


def noise(draw, width, height):
    picture, share, cells = Image.new("RGB", (width, height), (128, 128, 128)), 0.6, 4
    while cells <= min(width, height):
        layer = Image.frombytes("RGB", (cells, cells), draw.randbytes(3 * cells * cells))
        picture = Image.blend(picture, layer.resize((width, height), Image.BICUBIC), share)
        share, cells = share * 0.6, cells * 2
    return picture


def mosaic(draw, photographs, width, height):
    picture = Image.new("RGB", (width, height))
    for y in range(3):
        for x in range(4):
            tile = Image.open(draw.choice(photographs)).convert("RGB").resize((width // 4, height // 3), Image.BICUBIC)
            picture.paste(tile, (x * (width // 4), y * (height // 3)))
    return picture


def make(folder, width, height, count):
    """A folder of pairs; returns its files."""
    draw, photographs = random.Random(1), sorted(glob.glob(os.environ.get("INPUT_PICTURES", "") + "/*.jpg"))
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for i in range(count):
        picture = mosaic(draw, photographs, width, height) if photographs else noise(draw, width, height)
        picture.save(folder / f"{i:04}.jpg", quality=90)
        lines.append(json.dumps({"key": f"{i:04}", "image": f"{i:04}.jpg", "caption": "a photograph"}) + "\n")
    (folder / "pairs.jsonl").write_text("".join(lines))
    return sorted(str(path) for path in folder.glob("*.jpg"))


def load(job):
    file, name, draft = job
    picture = Image.open(file)
    if draft:  # as thumbnail() does it, with a gap of two
        picture.draft("RGB", (2 * SIZE, 2 * SIZE))
    picture.convert("RGB").resize((SIZE, SIZE), getattr(Image, name))


def pillow(pool, workers, files, name, draft):
    start = time.perf_counter()
    pool.map(load, [(file, name, draft) for file in files],
             chunksize=max(1, len(files) // (8 * workers)))
    return len(files) / (time.perf_counter() - start)


def ours(bench, folder, workers, *more):
    return float(subprocess.check_output([bench, folder, str(SIZE), str(workers), *more]))


if __name__ == "__main__":
    bench, work, rounds = sys.argv[1], pathlib.Path(sys.argv[2]), int((sys.argv + ["3"])[3])
    rows = []
    for width, height, count in [(500, 375, 400), (4000, 3000, 12)]:
        folder = work / f"{width}x{height}"
        files = make(folder, width, height, count)
        kilobytes = sum(os.path.getsize(file) for file in files) / len(files) / 1000
        for workers in [1, 2]:
            best = {}
            with multiprocessing.Pool(workers) as pool:
                for _ in range(rounds):
                    for name, run in [
                            ("t2ue", lambda: ours(bench, folder, workers)),
                            ("t2ue, decoded whole", lambda: ours(bench, folder, workers, "whole")),
                            ("Pillow BOX", lambda: pillow(pool, workers, files, "BOX", False)),
                            ("Pillow BOX, draft", lambda: pillow(pool, workers, files, "BOX", True)),
                            ("Pillow BILINEAR", lambda: pillow(pool, workers, files, "BILINEAR", False))]:
                        best[name] = max(best.get(name, 0), run())
            for name, rate in best.items():
                rows.append({"pictures": f"{width}x{height}", "kilobytes": kilobytes, "workers": workers, "what": name,
                             "per_second": rate, "t2ue_times": best["t2ue"] / rate})
                print(f"{width} x {height}, {kilobytes:.0f} kB, {workers} workers  {name:20} {rate:7.0f}/s  "
                      f"t2ue is {best['t2ue'] / rate:.2f} times as fast", flush=True)
    result = {"pillow": PIL.__version__, "libjpeg": features.version("jpg"), "rows": rows,
              "real_photographs": "INPUT_PICTURES" in os.environ}
    (work / "result.json").write_text(json.dumps(result, indent=1) + "\n")

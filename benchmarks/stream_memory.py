"""Peak memory and rate of t2ue noise-shards by the number of captions.

    stream_memory.py PROGRAM GENERATOR FOLDER [COUNT ...] [--manifest-only | --size WxH] [--threads N]

Writes COUNT synthetic captions, all different, as JSON lines into FOLDER, makes their noise, removes both and
prints a row of a table: the program's own peak resident memory, its time, and what it wrote. GENERATOR can be that
of tests/packaging/make_tiny_generator.cpp.
"""

import argparse
import os
import shutil
import subprocess
import time

COLOURS = "red green blue black white yellow brown grey".split()
THINGS = "dog cat child woman man bicycle boat horse bird train".split()
VERBS = "runs sits jumps waits sleeps turns looks walks".split()
PLACES = "beach street river garden station bridge field kitchen".split()


def caption(number):
    words = []
    for choices in (COLOURS, THINGS, VERBS, PLACES):
        words.append(choices[number % len(choices)])
        number //= len(choices)
    colour, thing, verb, place = words
    return f"A {colour} {thing} {verb} near the {place} while others watch it from afar, scene {number}."


def write_captions(path, count):
    with open(path, "w") as file:
        for number in range(count):
            file.write(f'{{"key": "{number:09d}", "caption": "{caption(number)}"}}\n')


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


def measure(options, count):
    captions, out = (os.path.join(options.folder, name) for name in (f"captions-{count}.jsonl", f"noise-{count}"))
    write_captions(captions, count)
    command = [options.program, "noise-shards", "--generator", options.generator, "--captions", captions,
               "--out", out, "--threads", str(options.threads), "--device", "cpu"]
    if options.manifest_only:
        command.append("--manifest-only")
    if options.size:
        command += ["--size", options.size]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed")
    what = "manifest" if options.manifest_only else f"noise {options.size or 'of the generator'}"
    print(f"| {count:,} | {what} | {usage.ru_maxrss / 1024:.1f} | {seconds:.1f} "
          f"| {usage.ru_utime + usage.ru_stime:.1f} | {count / seconds:,.0f} | {folder_bytes(out) / count:,.1f} |",
          flush=True)
    os.remove(captions)
    shutil.rmtree(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("generator")
    parser.add_argument("folder")
    parser.add_argument("counts", nargs="*", type=int, default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--manifest-only", action="store_true")
    parser.add_argument("--size", help="of the noise; without it the generator's own")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    print("| captions | what | peak MiB | s | CPU s | captions/s | bytes a caption |")
    print("|--:|---|--:|--:|--:|--:|--:|")
    for count in options.counts:
        measure(options, count)


if __name__ == "__main__":
    main()

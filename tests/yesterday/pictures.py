#!/usr/bin/env python3
"""Writes pictures/ and others/ for make.sh: pictures.py FOLDER. 8x8 pictures of four things in four colours."""
import json
import pathlib
import struct
import sys
import zlib

THINGS = ["cat", "dog", "sun", "moon"]
COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200), "black": (60, 60, 60)}


def png(rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def picture(thing, colour, part):
    """A pattern of the thing in the colour, not the same in the two parts."""
    def value(x, y, c):
        drawn = [(x ^ y) & 4, (x + y) & 2, (x - 3) ** 2 + (y - 4) ** 2 < 9, x * x + part < 8 * y][thing]
        return (colour[c] if drawn else 220 - 30 * part) + (x * 5 + y * 3 + c * 7 + part) % 11

    return png([[value(x, y, c) for x in range(8) for c in range(3)] for y in range(8)])


for part, name in enumerate(["pictures", "others"]):
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True)
    lines = []
    for number in range(16):
        thing, (word, colour) = number % 4, list(COLOURS.items())[number // 4]
        key = f"{name[0]}{number}"
        (folder / f"{key}.png").write_bytes(picture(thing, colour, part))
        captions = [f"{word} {THINGS[thing]}", f"a {THINGS[thing]} in {word}"]
        lines.append(json.dumps({"key": key, "image": f"{key}.png", "captions": captions, "label": THINGS[thing]}))
    (folder / "pairs.jsonl").write_text("\n".join(lines) + "\n")

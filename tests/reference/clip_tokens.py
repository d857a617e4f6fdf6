#!/usr/bin/env python3
"""Writes what tests/data/clip_tokenizer_test.cpp compares with, by CLIP's published algorithm on Python's own str,
html, unicodedata and the `regex` module (Debian's python3-regex), which OpenAI's code uses too:

    /usr/bin/python3 tests/reference/clip_tokens.py [bpe_simple_vocab_16e6.txt.gz]

- clip_bpe/: a vocabulary of 250 merges, learned from the captions below, in every published form.
- clip_tokens.json: texts with their words and token numbers, by that vocabulary and by the published one. Without
  its file the numbers by the published one are kept as they were, or left out for texts that are new.
- clip_unicode.json: digests of what Python says of every character it knows, and of every HTML entity.

ftfy is no Debian package: `fix_text` follows its version 6.3 without the repair of mojibake.
"""
import collections
import gzip
import hashlib
import html
import html.entities
import itertools
import json
import pathlib
import random
import re
import sys
import unicodedata

import regex

HERE = pathlib.Path(__file__).parent
PUBLISHED_SIZE = 49408
CAPTIONS = """a man in a blue shirt is standing on a ladder cleaning a window
two dogs of different breeds looking at each other on the road
a little girl covered in paint sits in front of a painted rainbow with her hands in a bowl
a black dog and a white dog with brown spots are staring at each other in the street
a child in a pink dress is climbing up a set of stairs in an entry way
a group of people standing around a street sign in the snow
the man's hat isn't on, he'll be cold; they're sure we've seen it, and i'm not
young boys playing soccer on a grassy field near the ocean
a person riding a bike down a dirt road through the woods
three women wearing red dresses are dancing on the stage
a café with crème brûlée, naïve señor, the straße, the ﬁsh
a photo of a cat. a photo of a dog. a photo of the number 2023!""".splitlines()

# --- the text -------------------------------------------------------------------------------------------------

SMALL_NAMES = {n for n in html.entities.html5 if n.endswith(";") and n == n.lower()}
ENTITIES = {"&" + n: c for n, c in html.entities.html5.items() if n.endswith(";")}
ENTITIES.update({"&" + n.upper(): html.entities.html5[n].upper() for n in SMALL_NAMES
                 if html.unescape("&" + n.upper()) == "&" + n.upper()})
LIGATURES = {"Ĳ": "IJ", "ĳ": "ij", "ŉ": "ʼn", "Ǆ": "DŽ", "ǅ": "Dž", "ǆ": "dž", "Ǉ": "LJ", "ǈ": "Lj", "ǉ": "lj",
             "Ǌ": "NJ", "ǋ": "Nj", "ǌ": "nj", "Ǳ": "DZ", "ǲ": "Dz", "ǳ": "dz", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl",
             "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ſt", "ﬆ": "st"}
WIDTHS = {chr(c): unicodedata.normalize("NFKC", chr(c)) for c in range(0xFF01, 0xFFF0)}
CONTROLS = [*range(9), 11, *range(14, 32), 127, *range(0x206A, 0x2070), 0xFEFF, *range(0xFFF9, 0xFFFD)]
C1 = {chr(b): bytes([b]).decode("windows-1252", "replace").replace("\ufffd", chr(b)) for b in range(0x80, 0xA0)}
QUOTES = {**dict.fromkeys("‘’‚‛", "'"), **dict.fromkeys("“”„‟", '"')}
STEPS = [str.maketrans(table) for table in (C1, LIGATURES, {**WIDTHS, "\u3000": " "}, QUOTES)]


def careful_unescape(text):
    def character(match):
        reference = match.group()
        if reference.startswith("&#"):
            found = html.unescape(reference)
            return reference if ";" in found else found
        return ENTITIES.get(reference, reference)
    return re.sub("&#?[0-9A-Za-z]{1,24};", character, text)


def fix_line(text, unescape):
    while True:
        before = text
        if unescape:
            text = careful_unescape(text)
        for table in STEPS:
            text = text.translate(table)
        text = re.sub("\r\n|[\r\u2028\u2029\x85]", "\n", text)
        text = re.sub(r"\x1b\[[\d;]*[a-zA-Z]", "", text)
        text = unicodedata.normalize("NFC", text.translate(dict.fromkeys(CONTROLS)))
        if text == before:
            return text


def fix_text(text):
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + lines[-1:]
    tags = list(itertools.accumulate(("<" in line for line in lines), max))
    return "".join(fix_line(line, not tag) for line, tag in zip(lines, tags))


def clean(text):
    text = html.unescape(html.unescape(fix_text(text)))
    return regex.sub(r"\s+", " ", text).strip().lower()


WORDS = regex.compile(r"<\|startoftext\|>|<\|endoftext\|>|'(?:s|t|re|ve|m|ll|d)|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+",
                      regex.IGNORECASE)

# --- the vocabulary -------------------------------------------------------------------------------------------

PRINTABLE = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
SPELLING = {b: chr(b) for b in PRINTABLE}
SPELLING.update({b: chr(256 + i) for i, b in enumerate(b for b in range(256) if b not in PRINTABLE)})


def parts_of(word):
    parts = [SPELLING[b] for b in word.encode()]
    return parts[:-1] + [parts[-1] + "</w>"]


def join(parts, left, right):
    joined, i = [], 0
    while i < len(parts):
        if parts[i:i + 2] == [left, right]:
            joined.append(left + right)
            i += 2
        else:
            joined.append(parts[i])
            i += 1
    return joined


class Vocabulary:
    def __init__(self, merges):
        self.merges = merges
        self.rank = {pair: i for i, pair in enumerate(merges)}
        names = list(SPELLING.values())
        names += [name + "</w>" for name in names] + [a + b for a, b in merges] + ["<|startoftext|>", "<|endoftext|>"]
        self.token = {name: i for i, name in enumerate(names)}

    def word(self, word):
        if word in ("<|startoftext|>", "<|endoftext|>"):
            return [self.token[word]]
        parts = parts_of(word)
        while True:
            ranks = [self.rank.get(pair, len(self.rank)) for pair in zip(parts, parts[1:])]
            if not ranks or min(ranks) == len(self.rank):
                return [self.token[part] for part in parts]
            parts = join(parts, *self.merges[min(ranks)])

    def text(self, text):
        return [token for word in WORDS.findall(clean(text)) for token in self.word(word)]

    def row(self, text, context, legacy):
        tokens = [self.token["<|startoftext|>"], *self.text(text), self.token["<|endoftext|>"]]
        if len(tokens) > context:
            tokens = tokens[:context]
            if not legacy:
                tokens[-1] = self.token["<|endoftext|>"]
        return tokens + [0] * (context - len(tokens))


def learn(captions, count):
    words = collections.Counter(w for c in captions for w in WORDS.findall(clean(c)))
    split = {word: parts_of(word) for word in words}
    merges, made = [], set()
    while len(merges) < count:
        pairs = collections.Counter()
        for word, parts in split.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += words[word]
        pairs = {p: n for p, n in pairs.items() if p[0] + p[1] not in made}
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        made.add(best[0] + best[1])
        split = {word: join(parts, *best) for word, parts in split.items()}
    return merges


def write_vocabulary(folder, vocabulary):
    folder.mkdir(exist_ok=True)
    lines = "".join(f"{a} {b}\n" for a, b in vocabulary.merges)
    (folder / "merges.txt").write_text("#version: 0.2\n" + lines)
    packed = gzip.compress(('"tiny.txt#version: 0.2\n' + lines).encode(), mtime=0)
    (folder / "bpe_simple_vocab_16e6.txt.gz").write_bytes(packed)
    (folder / "vocab.json").write_text(json.dumps(vocabulary.token))
    for name, merges in (("tokenizer.json", [f"{a} {b}" for a, b in vocabulary.merges]),
                         ("tokenizer_pairs.json", vocabulary.merges)):
        model = {"type": "BPE", "dropout": None, "unk_token": "<|endoftext|>", "continuing_subword_prefix": "",
                 "end_of_word_suffix": "</w>", "fuse_unk": False, "vocab": vocabulary.token, "merges": merges}
        (folder / name).write_text(json.dumps({"version": "1.0", "model": model}))


# --- the texts ------------------------------------------------------------------------------------------------

SNIPPETS = [
    # contractions, and what only looks like one
    "it's", "IT'S", "he'll we've they're i'm you'd don't", "'s", "''s", "'ll'll", "rock 'n' roll", "o'clock", "dogs'",
    "l'été", "it’s", "‘quoted’ “double” „low“ ‚one‛", "'ſt and 'ſ", "isn´t isn`t", "'Tis 'twas", "!'s", "a's b't c're",
    "'VE 'Re 'lL", "'sé", "'d'm't",
    # digits and numbers
    "12345", "3.14", "1,000,000", "route 66a", "²³¼½ ⅷ Ⅷ", "٣٤٥ ४५६", "①②③", "4x4", "x²", "2023!", "𝟙𝟚", "〇一二", "1st 2nd",
    # white space
    "", " ", "  two  spaces ", "tab\tnew\nline\r\nback\rform\x0cfeed", "no\u00a0break\u2003em\u3000ideographic\u200azero\u200bwidth",
    "line\u2028separator\u2029paragraph", "\ufeffmark", "\u1680ogham\u205fmath",
    # signs
    "...", "hello,world!?", "--- ---", "a/b\\c|d", "#hashtag @someone", "e-mail@example.com", "http://example.com/?q=a%20b&c=d",
    "$5.00 €6 £7 ¥8", "~^`_{}[]()<>", "«guillemets» ‹single›", "—em – en ‒ figure", "…", "•bullet · middle", "a_b_c", "<|>", "<|startoftext",
    "<|startoftext|>", "x<|endoftext|>y", "<|STARTOFTEXT|>", "<|ſtartoftext|>", "!<|endoftext|>", "</w>", "the</w>", "<w/>",
    # letters and case
    "ÀÉÎÕÜ", "àéîõü", "İstanbul I ı i", "ΣΊΣΥΦΟΣ ὈΔΥΣΣΕΎΣ", "ΑΣ'Α ΑΣ. Σ", "ΑΣ\u0301", "ΑΣ\u00adΒ", "ÆŒØÞÐ", "ẞ ß SS", "ǅ ǈ ǋ ǲ Ǆ", "ŉ ĳ Ĳ", "ﬁ ﬂ ﬀ ﬃ ﬄ ﬅ ﬆ",
    "K Å Ω", "ⅰⅱⅲ", "Ⓐⓑ", "ᏣᎳᎩ Ꭰꭰ", "Ა ა", "𐐀𐐨", "Привет, МИР", "שלום עולם", "مرحبا بالعالم", "السَّلَامُ", "हिन्दी में", "ไทยภาษา", "தமிழ்", "한국어", "한국어",
    "日本語のキャプション", "中文字幕，测试。", "ｶﾀｶﾅ ﾊﾞﾊﾟ", "ＦＵＬＬ　ｗｉｄｔｈ！１２", "￠￡￢￣￤￥￦", "（ｘ）＆＃３８；", "\U0001d400\U0001d41a", "ª º", "ʰʲ", "ſ",
    # marks and normal forms
    "e\u0301 é", "a\u0323\u0302 ậ", "q\u0307\u0323", "ͅ", "α\u0345 ᾳ x\u0345y", "\u0344", "\u212b", "각", "\u0301start", "क़", "x\u20dd", "\u0958",
    # emoji
    "😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "❤️ ♥", "1️⃣2️⃣", "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f", "dog🐶cat", "☺︎", "🧑🏿‍🚀 in space",
    # HTML
    "&amp;", "&lt;b&gt;bold&lt;/b&gt;", "<b>&amp;amp;</b>", "&amp;amp;amp;", "<i>&amp;amp;amp;amp;", "R&D", "AT&amp;T", "&copy 2023", "&copyright;", "&notit; &notin; &not;",
    "&eacute;&Eacute;&EACUTE;", "&NTILDE;&SZLIG;&napos;&NAPOS;&FFLIG;&AELIG;", "&nTILDE;", "&#39;s &#x27;s &#X27;t", "&#39", "&#0; &#1; &#11; &#13; &#31;x", "&#128;&#x80;&#150;&#x9f;&#129;", "&#xD800; &#55357;&#56832; &#x110000; &#99999999999;",
    "&#xFFFE; &#xFDD0;", "&#x1F600;", "&#59; &semi; &colon;", "&; &# &#; &#x; &#xg; &a &ab;", "&nbsp;&ensp;&NewLine;&Tab;x", "&ThickSpace;&NotEqualTilde;&fjlig;", "&CounterClockwiseContourIntegral;", "&AmP; &LT &GT;&quot &QUOT;",
    "&hellip;&mdash;&lsquo;&rdquo;", "<p>&ldquo;x&rdquo;", "&ldquo;x&rdquo;\n<p>\n&ldquo;y&rdquo;", "&eacuteß &eacute1", "&&amp;&", "&am&#112;; &l&#116;;", "&amp;lt;&amp;#39;s", "&amp;#38;#39;", "fish&chips&ltpeas", "&sup2;&SUP2;&frac12", "&abcdefghijklmnopqrstuvwxyzabcdefghijklmnop;",
    "&sigmaf;&SIGMAF;&thetasym;", "&#8217;s", "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;",
    # controls
    "a\x00b\x07c", "\x1b[31mred\x1b[0m", "\x1b[3", "\x1b[1;32", "\x1b(B", "\x1b[٣m", "a\x7fb", "\x85\x91\x92\x93\x94\x81", "soft\u00adhyphen", "\u200eltr\u200f", "\u202eoverride\u202c", "\u206aold\u206f", "\ufff9note\ufffb\ufffc", "\ufffd", "\ue000private", "\U0010fffd", "\u0378unassigned", "\x0bvertical", "\x1c\x1d\x1e\x1funits",
]


def texts():
    pick = random.Random(1)
    yield from CAPTIONS
    yield from SNIPPETS
    for count in (2, 3, 5):
        for _ in range(60):
            yield pick.choice(["", " ", "\n", "'", "a "]).join(pick.choice(SNIPPETS) for _ in range(count))
    yield " ".join(CAPTIONS)
    yield "ab" * 400
    yield "🐶" * 100
    yield "é" * 300
    yield "the " * 200
    for length in (74, 75, 76, 77):
        yield "cat " * length


def unicode_record():
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000 and unicodedata.category(chr(c)) != "Cn"]
    starts = [c for i, c in enumerate(points) if i == 0 or points[i - 1] != c - 1]
    ends = [c for i, c in enumerate(points) if i + 1 == len(points) or points[i + 1] != c + 1]
    blocks = collections.defaultdict(hashlib.sha256)
    for c in points:
        char, category = chr(c), unicodedata.category(chr(c))
        kind = category[0] if category[0] in "LN" else "S" if regex.match(r"\s", char) else "-"
        sigma = [(char + "Σ").lower()[-1] == "ς", ("aΣ" + char).lower()[1] == "ς"]
        fields = [f"{c:X}", kind + "D" * (category == "Nd"), char.lower(), *(str(int(s)) for s in sigma),
                  unicodedata.normalize("NFC", char), unicodedata.normalize("NFKC", char)]
        blocks[c >> 12].update((" ".join(fields) + "\n").encode())
    small = sorted(n[:-1] for n in html.entities.html5 if n.endswith(";"))
    forms = [form for name in small
             for form in (f"&{name};", f"&{name}", f"&{name}x;", f"&{name.upper()};", f"&{name.lower()};")]
    return {"unicode": unicodedata.unidata_version, "assigned": [list(r) for r in zip(starts, ends)],
            "blocks": {str(b): digest.hexdigest() for b, digest in blocks.items()},
            "entities": " ".join(small),
            "unescape": hashlib.sha256("\n".join(map(html.unescape, forms)).encode()).hexdigest(),
            "careful": hashlib.sha256("\n".join(map(careful_unescape, forms)).encode()).hexdigest()}


def main():
    tiny = Vocabulary(learn(CAPTIONS, 250))
    write_vocabulary(HERE / "clip_bpe", tiny)
    path = HERE / "clip_tokens.json"
    published, known = None, {}
    if len(sys.argv) > 1:
        lines = gzip.open(sys.argv[1]).read().decode().split("\n")
        published = Vocabulary([tuple(line.split()) for line in lines[1:PUBLISHED_SIZE - 514 + 1]])
    elif path.exists():
        known = {t["text"]: t["published"] for t in json.loads(path.read_text())["texts"] if "published" in t}
    records = []
    for text in dict.fromkeys(texts()):
        record = {"text": text, "words": WORDS.findall(clean(text)), "tiny": tiny.text(text)}
        if published:
            record["published"] = published.text(text)
        elif text in known:
            record["published"] = known[text]
        records.append(record)
    rows = [{"text": text, "context": context, "keep_end": tiny.row(text, context, False),
             "legacy": tiny.row(text, context, True)}
            for text in (CAPTIONS[0], "a cat", "", "&amp; é 12345") for context in (2, 3, 5, 16, 77)]
    lines = ",\n".join(json.dumps(r) for r in records)
    path.write_text(f'{{"size": {len(tiny.token)}, "rows": {json.dumps(rows)},\n"texts": [\n{lines}\n]}}\n')
    (HERE / "clip_unicode.json").write_text(json.dumps(unicode_record()) + "\n")


if __name__ == "__main__":
    main()

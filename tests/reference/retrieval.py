#!/usr/bin/env python3
"""Writes tests/reference/retrieval.json, which tests/eval/retrieval_reference_test.cpp compares with:
/usr/bin/python3 tests/reference/retrieval.py

Every figure from its definition, in whole numbers and fractions: nothing here is rounded before it is written.
Features are small whole numbers from formula.py, so their products are exact in fp32 too.
"""
import json
import pathlib
from fractions import Fraction
from math import comb

import formula

HIT_AT = (1, 5, 10)


def rows(name, count, dim, below):
    """Whole numbers in [-(below // 2), below // 2]."""
    flat = [int(w) % below - below // 2 for w in formula.words(name, count * dim)]
    return [flat[i * dim:(i + 1) * dim] for i in range(count)]


def first_place(partners, others):
    """P(the first partner is at place 1, 2, ...) when partners and others stand in a random order."""
    orders = comb(partners + others, partners)
    return [Fraction(comb(partners + others - place, partners - 1), orders) for place in range(1, others + 2)]


def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / Fraction(2)


def chance(partner_counts, gallery):
    """As if all scores were equal: the mixture of the queries' distributions of the rank."""
    share = Fraction(1, len(partner_counts))
    places = [Fraction(0)] * gallery
    for partners in partner_counts:
        for i, p in enumerate(first_place(partners, gallery - partners)):
            places[i] += share * p
    reached = passed = None
    below = Fraction(0)
    for i, p in enumerate(places):
        below += p
        if reached is None and below >= Fraction(1, 2):
            reached = i + 1
        if passed is None and below > Fraction(1, 2):
            passed = i + 1
    return {"hit": [float(100 * sum(places[:k])) for k in HIT_AT],
            "median_rank": (reached + passed) / 2,
            "mean_rank": float(sum((i + 1) * p for i, p in enumerate(places)))}


def direction(queries, query_picture, gallery, gallery_picture):
    ranks, best, worst, hits, tied = [], [], [], [Fraction(0)] * 3, 0
    for query, picture in zip(queries, query_picture):
        scores = [sum(a * b for a, b in zip(query, item)) for item in gallery]
        own = max(s for s, p in zip(scores, gallery_picture) if p == picture)
        greater = sum(s > own for s in scores)
        partners = sum(s == own and p == picture for s, p in zip(scores, gallery_picture))
        others = sum(s == own and p != picture for s, p in zip(scores, gallery_picture))
        places = first_place(partners, others)
        ranks.append(sum((greater + i + 1) * p for i, p in enumerate(places)))
        best.append(greater + 1)
        worst.append(greater + others + 1)
        tied += others > 0
        for k, at in enumerate(HIT_AT):
            hits[k] += sum((p for i, p in enumerate(places) if greater + i + 1 <= at), Fraction(0))
    count = len(queries)

    def share(values):
        return [float(Fraction(100 * sum(v <= at for v in values), count)) for at in HIT_AT]

    return {"hit": [float(100 * h / count) for h in hits],
            "hit_optimistic": share(best), "hit_pessimistic": share(worst),
            "mean_rank": float(sum(ranks) / count),
            "mean_rank_optimistic": sum(best) / count, "mean_rank_pessimistic": sum(worst) / count,
            "median_rank": float(median(ranks)),
            "median_rank_optimistic": float(median(best)), "median_rank_pessimistic": float(median(worst)),
            "tied": 100 * tied / count,
            "chance": chance([gallery_picture.count(p) for p in query_picture], len(gallery)),
            # Of the single ranks a digest: enough to notice one that is another's.
            "rank_digest": float(sum((i + 1) * r for i, r in enumerate(ranks)))}


def case(name, pictures, captions_of, dim, below, repeat=1):
    """`captions_of(i)`: how many captions picture i has; every row stands `repeat` times."""
    owner = [i for i in range(pictures) for _ in range(captions_of(i))]
    images = rows(name + " images", pictures, dim, below)
    texts = rows(name + " texts", len(owner), dim, below)
    images = [images[i - i % repeat] for i in range(pictures)]
    texts = [texts[j - j % repeat] for j in range(len(owner))]
    each = list(range(pictures))
    return {"dim": dim, "below": below, "repeat": repeat, "pictures": pictures, "owner": owner,
            "image_to_text": direction(images, each, texts, owner),
            "text_to_image": direction(texts, owner, images, each)}


def main():
    one, five = (lambda i: 1), (lambda i: 5)
    several = lambda i: 1 + i * i % 4
    cases = {
        "one-to-one": case("one-to-one", 60, one, 16, 121),
        "any-hit": case("any-hit", 40, five, 16, 121),
        "uneven": case("uneven", 37, several, 16, 121),
        "tied": case("tied", 50, one, 4, 3),
        "tied any-hit": case("tied any-hit", 30, several, 3, 3),
        "duplicates": case("duplicates", 24, one, 12, 121, repeat=3),
        "duplicates any-hit": case("duplicates any-hit", 21, several, 12, 121, repeat=3),
        "all equal": case("all equal", 23, one, 8, 1),
        "all equal any-hit": case("all equal any-hit", 19, several, 8, 1),
        "single": case("single", 1, one, 8, 121),
        "single any-hit": case("single any-hit", 1, five, 8, 121),
        "two": case("two", 2, one, 1, 3),
    }
    path = pathlib.Path(__file__).with_name("retrieval.json")
    path.write_text(json.dumps(cases, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    main()

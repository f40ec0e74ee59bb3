"""Candidates by the million: sorted blocking keys in, pairs of records worth comparing out. Pure; numpy.

Each key gives each record one vote, spread evenly over the others that hold the key; a pair is compared when the votes
between the two come to `ENOUGH`. So a record has at most two candidates for each of its keys, however large the stock, and
work and memory grow with the number of keys only. A key that more than `CROWD` records hold is not paired out: each of its
records votes for its neighbour alone, which still finds the record that somebody entered fifty times. What even the
check of one record does not read to the end, keys of `KEY_LIMIT` holders, is left out.

A vote is one integer: the place of either record and, in the lowest bits, the number of the key's holders. Adding up is
sorting, and what is kept between the steps is 8 bytes a vote.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

KEY_LIMIT = 100
"""As in `index.py`; a test holds them together, since this module should load fast."""
CROWD = 12
ENOUGH = 0.5

HOLDER_BITS = 7
PLACE_BITS = 28
"""Records are named by their places: in the sorted ids of the stock, or in the file that is linked."""

_HOLDERS = (1 << HOLDER_BITS) - 1
_PLACE = (1 << PLACE_BITS) - 1
_FIRST = PLACE_BITS + HOLDER_BITS
_VOTE = np.zeros(1 << HOLDER_BITS, np.float32)
_VOTE[1:KEY_LIMIT] = 1 / np.arange(1, KEY_LIMIT)
_ROUNDING = 1e-4

PAIRS = np.dtype([("one", np.int64), ("other", np.int64)])
_NONE = np.empty(0, np.int64)


def _groups(keys: Integers) -> tuple[Integers, Integers]:
    """Where each key begins in the sorted keys, and how many records hold it."""
    if not len(keys):
        return _NONE, _NONE
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return starts, np.diff(np.append(starts, len(keys)))


def votes_within(keys: Integers, places: Integers) -> Integers:
    """The votes between records of one stock in these keys. Keys come sorted, places sorted within each key."""
    starts, holders = _groups(keys)
    parts = [_NONE]
    for size in range(2, CROWD + 1):
        begin = starts[holders == size]
        if len(begin):
            members = places[begin[:, None] + np.arange(size)]
            first, second = members << _FIRST | size - 1, members << HOLDER_BITS
            parts += [(first[:, [at]] | second[:, at + 1 :]).ravel() for at in range(size - 1)]
    crowded = (holders > CROWD) & (holders < KEY_LIMIT)
    if crowded.any():
        sizes = holders[crowded] - 1
        before = np.cumsum(sizes) - sizes
        at = np.arange(sizes.sum()) + np.repeat(starts[crowded] - before, sizes)
        parts.append(places[at] << _FIRST | places[at + 1] << HOLDER_BITS | np.repeat(sizes, sizes))
    return np.concatenate(parts)


def votes_across(own_keys: Integers, own_places: Integers, keys: Integers, places: Integers) -> Integers:
    """The votes of a file's records for those of the stock in these keys; only the stock's keys come sorted."""
    starts, holders = _groups(keys)
    if not len(starts) or not len(own_keys):
        return _NONE
    names = keys[starts]
    at = np.minimum(np.searchsorted(names, own_keys), len(names) - 1)
    hit = (names[at] == own_keys) & (holders[at] <= CROWD)
    at, own = at[hit], own_places[hit]
    sizes = holders[at]
    before = np.cumsum(sizes) - sizes
    positions = np.arange(sizes.sum()) + np.repeat(starts[at] - before, sizes)
    votes: Integers = np.repeat(own << _FIRST | sizes, sizes) | places[positions] << HOLDER_BITS
    return votes


def in_buckets(votes: Integers, bounds: Integers) -> tuple[Integers, Integers]:
    """The votes by ranges of their first record, and where each range begins and ends; `bounds` as `bucket_bounds` gives."""
    bucket = (np.searchsorted(bounds, votes >> _FIRST, side="right") - 1).astype(np.uint16)
    ends = np.cumsum(np.bincount(bucket, minlength=len(bounds) - 1))
    return votes[np.argsort(bucket, kind="stable")], np.concatenate(([0], ends))


def bucket_bounds(records: int, buckets: int) -> Integers:
    """Where ranges of places begin; the last is their end."""
    return np.linspace(0, records, buckets + 1).astype(np.int64)


def elected(votes: Integers) -> NDArray[Any]:
    """The pairs (`PAIRS`) whose votes come to `ENOUGH`, in order. All votes of their first records must be there."""
    if not len(votes):
        return np.empty(0, PAIRS)
    votes = np.sort(votes)
    pairs = votes >> HOLDER_BITS
    starts = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
    sums = np.add.reduceat(_VOTE[votes & _HOLDERS], starts)
    pairs = pairs[starts[sums >= ENOUGH - _ROUNDING]]
    out = np.empty(len(pairs), PAIRS)
    out["one"], out["other"] = pairs >> PLACE_BITS, pairs & _PLACE
    return out

"""Random numbers that are the same on every machine: integers only, from SplitMix64 in counter mode.

Number i of stream (seed, column) is mix(mix(seed) + mix(column + 1) + (i + 1) * GAMMA) mod 2^64. mix is the
finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
"""

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

GAMMA = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
WORD = 2**64 - 1


def mix(words: Words) -> Words:
    """Return the finaliser of SplitMix64 for each word."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(FIRST)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(SECOND)
    return words ^ (words >> np.uint64(31))


def mixed(word: int) -> int:
    """Return the finaliser of SplitMix64 for one number."""
    word &= WORD
    word = (word ^ (word >> 30)) * FIRST & WORD
    word = (word ^ (word >> 27)) * SECOND & WORD
    return word ^ (word >> 31)


def stream(seed: int, column: int, count: int) -> Words:
    """Return the first numbers of a stream, each from 0 to 2^64 - 1."""
    start = (mixed(seed) + mixed(column + 1)) & WORD
    steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GAMMA)
    return mix(steps + np.uint64(start))


def digest(content: bytes | memoryview, before: int = 0, place: int = 0) -> int:
    """Return a digest of bytes (whole words of eight) that depends on their order; it is no protection.

    The sum modulo 2^64 of mix(word xor mix(place of the word + 1)): fast in numpy and in C++. `before` is the
    digest of what came before, `place` how many words that was.
    """
    words = np.frombuffer(content, dtype="<u8")
    places = np.arange(place + 1, place + 1 + len(words), dtype=np.uint64)
    return (before + int(mix(words ^ mix(places)).sum(dtype=np.uint64))) & WORD

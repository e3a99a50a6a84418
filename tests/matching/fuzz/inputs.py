"""Read and write reproducing files, the same bytes as input.hpp, and make them smaller."""

import struct
from dataclasses import dataclass

import numpy as np

from matching import COMMAND
from tests.matching.profiles import Setting

COUNT = struct.Struct("<I")
SETTING = struct.Struct("<IIqqqq")


@dataclass
class Input:
    """The instruments to open and the commands to give."""

    settings: tuple[Setting, ...]
    commands: np.ndarray

    def open(self, engine):
        for setting in self.settings:
            engine.open_instrument(setting.id, tick=setting.tick, lot=setting.lot, collar=setting.collar)
        return engine


def write(given):
    """Return an input's bytes."""
    settings = [
        SETTING.pack(setting.id, 0, setting.tick, setting.lot, *(setting.collar or (0, 0)))
        for setting in given.settings
    ]
    return COUNT.pack(len(settings)) + b"".join(settings) + given.commands.tobytes()


def read(content):
    """Return the input that these bytes are; as in input.hpp, any bytes are one."""
    fitting = (len(content) - COUNT.size) // SETTING.size
    count, settings = min(COUNT.unpack_from(content)[0] % 9, fitting), {}
    end = COUNT.size + count * SETTING.size
    for at in range(COUNT.size, end, SETTING.size):
        number, _, tick, lot, lowest, highest = SETTING.unpack_from(content, at)
        lowest, highest = max(lowest, 0), max(highest, 0)
        highest = 0 if lowest > highest else highest
        setting = Setting(number, max(tick, 1), max(lot, 1), (lowest, highest))
        settings.setdefault(number, setting)
    whole = (len(content) - end) // COMMAND.itemsize
    commands = np.frombuffer(content, COMMAND, whole, end).copy()
    commands["sequence"] = np.arange(1, len(commands) + 1)
    return Input(tuple(settings.values()), commands)


def shrink(given, fails, tries=2000):
    """Leave out commands as long as the rest still fails (delta debugging); return the smaller input.

    Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input" (2002).
    """
    commands, size = given.commands, max(len(given.commands) // 2, 1)
    while size and tries:
        at = 0
        while at < len(commands) and tries:
            tries -= 1
            shorter = np.delete(commands, slice(at, at + size))
            if fails(Input(given.settings, shorter)):
                commands = shorter
            else:
                at += size
        size //= 2
    return Input(given.settings, commands)

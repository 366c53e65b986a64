"""Damages a good file in many ways and reads each: run as a program, so that a crash is seen.

Usage: damage.py MODULE:FUNCTION FILE FIRST_SEED COUNT. Prints a line for each case: the seed, how
it ended (`read` or `told`) and its seconds. Any other exception, or a crash, ends the program.
"""

import random
import sys
import time
from importlib import import_module
from pathlib import Path

from nephoscope.errors import InputError


def damaged(content: bytes, seed: int) -> bytes:
    """A few bytes changed, and every tenth time the end cut off."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 8, 64])):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed[: chance.randrange(len(changed))] if chance.random() < 0.1 else changed)


def main() -> None:
    """Read each damaged file and say how it ended."""
    reader, path, first, count = sys.argv[1:]
    module, _, function = reader.partition(":")
    read = getattr(import_module(module), function)
    content = Path(path).read_bytes()
    victim = Path(path).with_name(f"damaged_{Path(path).name}")
    for seed in range(int(first), int(first) + int(count)):
        victim.write_bytes(damaged(content, seed))
        start = time.monotonic()
        try:
            read(victim)
            ended = "read"
        except InputError as error:
            ended = "told" if str(victim) in str(error) else "told without a name"
        seconds = time.monotonic() - start
        sys.stdout.write(f"{seed} {ended} {seconds:.2f}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

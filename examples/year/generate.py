"""Write the feed of one believable year to standard output.

$ python examples/year/generate.py --accounts 2000 --seed 7 --code-key demo > feed.jsonl
$ referral replay feed.jsonl --code-key demo --summary summary.json
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Run as a script, Python looks for modules beside this file; the package is found from the root of the repository.
sys.path[0] = str(Path(__file__).resolve().parents[2])

from examples.year import feed  # noqa: E402 - after the path is set


def main() -> None:
    """Read the arguments and write the feed, line by line."""
    parser = argparse.ArgumentParser(description="Write the feed of one believable year to standard output.")
    parser.add_argument("--accounts", type=int, default=200, help="about how many accounts (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same feed (default: %(default)s)")
    parser.add_argument("--code-key", default="demo", help="the secret behind random codes (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        for line in feed(arguments.accounts, arguments.seed, arguments.code_key):
            sys.stdout.buffer.write(f"{line}\n".encode())  # a feed is UTF-8, whatever the terminal is
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # the reader, such as `head`, has had enough; keep Python from writing what is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

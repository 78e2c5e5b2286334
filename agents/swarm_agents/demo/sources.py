"""The text of the repository that the demo works on: a market stall, its tests, its hook, and how it is broken."""

from dataclasses import dataclass

AGENTS = ("ada", "ben", "cleo", "dan", "eve")
COLLEAGUE = "colleague"
PACKAGE = "stall"

_PRICE = '''\
"""What a customer pays."""


def total(cents):
    return sum(cents)
'''

_STOCK = '''\
"""What is left in the stall."""


def left(stock, sold):
    return stock - sold
'''

_RECEIPT = '''\
"""What is printed for the customer."""


def line(name, cents):
    return f"{name:<12}{cents / 100:>8.2f}"
'''

_TEST_PRICE = """\
import unittest

from stall import price


class PriceTest(unittest.TestCase):
    def test_total_is_the_sum(self):
        self.assertEqual(price.total([120, 80, 45]), 245)
"""

_TEST_STOCK = """\
import unittest

from stall import stock


class StockTest(unittest.TestCase):
    def test_what_is_sold_is_gone(self):
        self.assertEqual(stock.left(10, 3), 7)
"""

_TEST_RECEIPT = """\
import unittest

from stall import receipt


class ReceiptTest(unittest.TestCase):
    def test_cents_are_printed_as_money(self):
        self.assertEqual(receipt.line("apple", 120), "apple           1.20")
"""

_TEST_SHELVES = """\
import pathlib
import unittest

from stall import price


class ShelvesTest(unittest.TestCase):
    def test_every_offer_has_a_price(self):
        for shelf in pathlib.Path("stall/shelves").glob("*.txt"):
            for offer in shelf.read_text().splitlines():
                name, cents = offer.split()
                self.assertTrue(name.isalpha())
                self.assertGreater(price.total([int(cents)]), 0)
"""

FILES = {
    ".gitignore": "__pycache__/\n",
    "README": "A market stall. Each agent fills a shelf of its own.\n",
    "stall/__init__.py": '"""A market stall."""\n',
    "stall/price.py": _PRICE,
    "stall/stock.py": _STOCK,
    "stall/receipt.py": _RECEIPT,
    "tests/__init__.py": "",
    "tests/test_price.py": _TEST_PRICE,
    "tests/test_stock.py": _TEST_STOCK,
    "tests/test_receipt.py": _TEST_RECEIPT,
    "tests/test_shelves.py": _TEST_SHELVES,
    **{f"stall/shelves/{name}.txt": "" for name in AGENTS},
}

# The hook logs when it began for which agent, and which trees passed. The demo's checks read that log.
# -B: `a - b` becomes `a + b` within one second and without a change of size, which cached byte code would hide.
HOOK = """\
#!/bin/sh
# Runs the tests on what is about to be committed.
diary="$(git rev-parse --git-common-dir)/hook-diary"
note() {
    python3 -c 'import os, sys, time; os.write(1, " ".join([str(time.time()), *sys.argv[1:], "\\n"]).encode())' \\
        "${SWARM_AGENT:-unknown}" "$@" >> "$diary"
}
note began -
python3 -B -m unittest -q || exit 1
note passed "$(git write-tree)"
"""


@dataclass(frozen=True)
class Breakage:
    path: str
    good: str
    bad: str
    excuse: str


BREAKAGES = (
    Breakage("stall/price.py", "return sum(cents)", "return sum(cents) - 1", "Round prices down a little"),
    Breakage("stall/stock.py", "return stock - sold", "return stock + sold", "Simplify the stock"),
    Breakage("stall/receipt.py", "cents / 100", "cents / 10", "Tidy the receipt"),
)

OFFERS = (
    "apple",
    "pear",
    "plum",
    "cherry",
    "quince",
    "fig",
    "grape",
    "melon",
    "lemon",
    "lime",
    "mango",
    "kiwi",
    "leek",
)


def make_config(lease_s: float, wait_s: float) -> str:
    """The repository's swarm.toml."""
    return f'[build]\nbranch = "main"\nsync = "git merge --no-edit main"\nlease_s = {lease_s}\nwait_s = {wait_s}\n'

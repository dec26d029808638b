"""The words of an .efg file, one after the other, each with its place.

Takes text within bounds; gives quoted texts, exact numbers, brackets and words. Knows nothing of games.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple, NoReturn

from stratagem.errors import Fault, ScenarioError, quote

MAX_BYTES = 4 << 20
MAX_DIGITS, MAX_EXPONENT, MAX_INTEGER = 400, 400, 10**18
RULE = "efg"

TEXT, NUMBER, MARK, WORD, END = "text", "number", "mark", "word", "end"
_TOKEN = re.compile(
    r"""[ \t\r\n\v\f]*+(?:
    (?P<text>"(?:[^"\\]++|\\++[^\\])*+")
    |(?P<number>[-+]?(?:[0-9]++/[0-9]++|(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?+))(?![^ \t\r\n\v\f{},"])
    |(?P<mark>[{},])
    |(?P<word>[A-Za-z]++)(?![^ \t\r\n\v\f{},"])
    |(?P<end>\Z)
    )""",
    re.VERBOSE,
)
_BLANK = re.compile(r"[ \t\r\n\v\f]*+")
_UNREAD = re.compile(r'[^ \t\r\n\v\f{},"]*+')


class Token(NamedTuple):
    """A word of the file."""

    kind: str
    text: str  # quoted texts without their quotes
    at: int  # offset

    @property
    def described(self) -> str:
        """The token for a message."""
        if self.kind == END:
            return "the end of the file"
        return f"the text {quote(self.text)}" if self.kind == TEXT else quote(self.text)


class Tokens:
    """A file read word by word; `file` names it in messages."""

    def __init__(self, text: str, file: str) -> None:
        self.source, self.file = text, file
        self.next = self._read(0)

    def take(self) -> Token:
        """The next token, whatever it is."""
        token = self.next
        if token.kind != END:
            self.next = self._read(self._after)
        return token

    def is_next(self, kind: str, text: str | None = None) -> bool:
        """Whether the next token is of a kind, and this very text where one is given."""
        return self.next.kind == kind and text in (None, self.next.text)

    def expect(self, kind: str, expected: str, text: str | None = None) -> Token:
        """The next token, which must be of a kind. Raises `ScenarioError`."""
        if not self.is_next(kind, text):
            self.refuse(self.next.at, self.next.described, expected)
        return self.take()

    def accept(self, kind: str, text: str) -> bool:
        """Pass the next token if it is this one."""
        is_there = self.is_next(kind, text)
        if is_there:
            self.take()
        return is_there

    def integer(self, expected: str, least: int) -> tuple[int, int]:
        """A whole number of at least `least`, and its place. Raises `ScenarioError`."""
        token = self.expect(NUMBER, expected)
        value = self._exact(token)
        if value.denominator != 1 or not least <= value < MAX_INTEGER or not token.text.isdigit():
            self.refuse(token.at, quote(token.text), expected)
        return int(value), token.at

    def number(self, expected: str) -> tuple[Fraction, int]:
        """An exact number, and its place. Raises `ScenarioError`."""
        token = self.expect(NUMBER, expected)
        return self._exact(token), token.at

    def refuse(self, at: int, found: str, expected: str) -> NoReturn:
        """Raise the fault at an offset as `ScenarioError`."""
        line = self.source.count("\n", 0, at) + 1
        column = at - self.source.rfind("\n", 0, at)
        raise ScenarioError(self.file, [Fault(line, column, found, expected, RULE)])

    def _exact(self, token: Token) -> Fraction:
        _, _, exponent = token.text.lower().partition("e")
        if len(token.text) > MAX_DIGITS or len(exponent) > 5 or abs(int(exponent or 0)) > MAX_EXPONENT:
            self.refuse(token.at, f"the number {quote(token.text)}", f"at most {MAX_DIGITS} digits")
        try:
            return Fraction(token.text)
        except ZeroDivisionError:
            self.refuse(token.at, f"the number {quote(token.text)}", "a fraction whose lower part is not 0")

    def _read(self, start: int) -> Token:
        match = _TOKEN.match(self.source, start)
        if match is None:
            self._unreadable(start)
        self._after = match.end()
        kind = str(match.lastgroup)
        text = match[kind]
        if kind == TEXT:
            text = text[1:-1].replace('\\"', '"')
        return Token(kind, text, match.start(kind))

    def _unreadable(self, start: int) -> NoReturn:
        blank = _BLANK.match(self.source, start)
        at = blank.end() if blank else start
        if self.source[at] == '"':
            self.refuse(at, "a text without its closing quote", 'the text between two `"`')
        rest = _UNREAD.match(self.source, at)
        found = rest[0] if rest and rest[0] else self.source[at]
        self.refuse(at, quote(found), 'a number, a text in `"`, a bracket, or one of `c`, `p`, `t`')

"""Immutable values and words: `NamedTuple` and `StrEnum` as the standard library has them, at a small part of its cost.

A verb of `swarm` is a process of its own, and `typing` and `enum` would cost it more than its work. A type checker sees
the originals. At run time the same class statements make tuples with names and strings with a name; see
docs/decisions/0013-cost-of-a-verb.md.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take this name as true

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from enum import StrEnum as StrEnum
    from typing import Any
    from typing import NamedTuple as NamedTuple
    from typing import overload as overload
else:
    from operator import itemgetter

    class _ValueType(type):
        def __new__(meta, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _ValueType:
            cls = super().__new__(meta, name, bases, body | {"__slots__": ()})
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {field: body[field] for field in cls._fields if field in body}
            for place, field in enumerate(cls._fields):
                setattr(cls, field, property(itemgetter(place)))
            return cls

    class NamedTuple(tuple, metaclass=_ValueType):
        def __new__(cls, *values: Any, **named: Any) -> NamedTuple:
            if named or len(values) != len(cls._fields):
                values = cls._fill(values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _fill(cls, values: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
            positional = dict(zip(cls._fields, values, strict=False))
            filled = cls._field_defaults | positional | named
            twice = positional.keys() & named.keys()
            if len(values) > len(positional) or twice or filled.keys() != set(cls._fields):
                raise TypeError(f"{cls.__name__} needs each of these once: {', '.join(cls._fields)}")
            return [filled[field] for field in cls._fields]

        @classmethod
        def _make(cls, values: Iterable[Any]) -> NamedTuple:
            return cls(*values)

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **changes: Any) -> NamedTuple:
            return type(self)(**(self._asdict() | changes))

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    class _WordType(type):
        def __new__(meta, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _WordType:
            cls = super().__new__(meta, name, bases, body)
            cls._words = {}
            for key, text in body.items():
                if isinstance(text, str) and not key.startswith("_"):
                    word = str.__new__(cls, text)
                    word.name, word.value = key, text
                    cls._words[text] = word
                    setattr(cls, key, word)
            return cls

        def __iter__(cls) -> Iterator[StrEnum]:
            return iter(cls._words.values())

        def __len__(cls) -> int:
            return len(cls._words)

    class StrEnum(str, metaclass=_WordType):
        def __new__(cls, text: str) -> StrEnum:
            try:
                return cls._words[text]
            except KeyError:
                raise ValueError(f"{text!r} is not a valid {cls.__name__}") from None

        def __getnewargs__(self) -> tuple[str]:
            return (self.value,)

        def __repr__(self) -> str:
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

    def overload(function: Callable[..., Any]) -> Callable[..., Any]:
        return function

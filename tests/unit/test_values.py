"""`values.NamedTuple` and `values.StrEnum` do what those of the standard library do, for all that the swarm asks."""

import copy
import enum
import json
import pickle
import typing

import pytest

from swarm_agents import values
from swarm_agents.model import BuildStatus, Deadline


class Place(values.NamedTuple):
    x: int
    y: int = 2
    """A text after a field is no field."""

    @property
    def sum(self) -> int:
        return self.x + self.y


class StandardPlace(typing.NamedTuple):
    x: int
    y: int = 2


class Nothing(values.NamedTuple):
    """A value without fields."""


class Light(values.StrEnum):
    """A text that is no word."""

    GREEN = "green"
    RED = "red"

    @property
    def stops(self) -> bool:
        return self is Light.RED


class StandardLight(enum.StrEnum):
    GREEN = "green"
    RED = "red"


def test_a_value_is_made_read_and_changed_as_a_named_tuple() -> None:
    ours, theirs = Place(1), StandardPlace(1)

    assert ours == theirs == (1, 2) == Place(y=2, x=1)
    assert (ours.x, ours.y, ours.sum) == (1, 2, 3)
    assert ours._replace(y=5) == theirs._replace(y=5)
    assert ours._asdict() == theirs._asdict()
    assert ours._fields == theirs._fields
    assert Place._make([3, 4]) == StandardPlace._make([3, 4])
    assert repr(ours) == repr(theirs).replace("Standard", "")
    assert hash(ours) == hash(theirs)
    assert Nothing() == ()


def test_a_value_is_matched_by_its_type_and_its_fields() -> None:
    match Place(1, 3):
        case Nothing():
            pytest.fail("a value of another type")
        case Place(1, y=found):
            assert found == 3


@pytest.mark.parametrize(
    ("positional", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1, "z": 1})]
)
def test_a_value_needs_each_field_once(positional: tuple[int, ...], named: dict[str, int]) -> None:
    for kind in (Place, StandardPlace):
        with pytest.raises(TypeError):
            kind(*positional, **named)


def test_a_value_cannot_be_changed() -> None:
    for name in ("x", "other"):
        with pytest.raises(AttributeError):
            setattr(Place(1), name, 5)


def test_a_word_is_its_text_and_itself() -> None:
    assert list(Light) == list(StandardLight) == ["green", "red"]
    assert Light("red") is Light.RED
    assert Light.RED.stops and not Light.GREEN.stops
    assert (Light.RED.name, Light.RED.value, type(Light.RED.value)) == ("RED", "red", str)
    assert f"{Light.RED}" == str(Light.RED) == json.loads(json.dumps(Light.RED)) == "red"
    assert repr(Light.RED) == repr(StandardLight.RED).replace("Standard", "")
    assert (len(Light), "red" in Light, {Light.RED: 1}["red"]) == (2, True, 1)


def test_a_word_that_there_is_not_is_refused_as_by_an_enum() -> None:
    with pytest.raises(ValueError, match="'blue' is not a valid Light"):
        Light("blue")


def test_values_and_words_survive_copying_and_pickling() -> None:
    for one in (Deadline(5, "boot"), BuildStatus.BROKEN):
        assert copy.deepcopy(one) == one
        assert type(pickle.loads(pickle.dumps(one))) is type(one)
    assert pickle.loads(pickle.dumps(BuildStatus.BROKEN)) is BuildStatus.BROKEN

"""What is wrong with a request is collected by field and told at once."""

from __future__ import annotations

import pytest

from optimizer.services.studies.open.problems import InvalidRequestError, Problems
from trading.base.domain.errors import BadInputError, VenueError


def test_nothing_wrong_is_nothing_to_tell() -> None:
    problems = Problems()
    with problems.at("trials"):
        pass
    problems.settle()
    assert problems.sentences == {}


def test_all_refusals_are_one_error_with_a_line_for_each_in_the_order_they_were_found() -> None:
    problems = Problems()
    with problems.at("trials"):
        raise BadInputError("trials was -5; expected 1 to 9")
    with problems.at("costs"):
        raise BadInputError("no swap costs")
    with pytest.raises(InvalidRequestError) as caught:
        problems.settle()
    assert str(caught.value) == "trials was -5; expected 1 to 9\nno swap costs"
    assert list(caught.value.problems) == ["trials", "costs"]
    assert isinstance(caught.value, BadInputError)


def test_a_field_is_named_once_by_the_first_that_refuses_it() -> None:
    problems = Problems()
    with problems.at("candles"):
        raise BadInputError("no candles")
    with problems.at("candles"):
        raise BadInputError("candles are too few")
    assert problems.sentences == {"candles": "no candles"}


def test_problems_found_further_down_keep_their_own_fields() -> None:
    problems = Problems()
    with problems.at("request"):
        raise InvalidRequestError({"seed": "seed was -1", "fill": "fill was 'x'"})
    assert problems.sentences == {"seed": "seed was -1", "fill": "fill was 'x'"}


def test_what_is_no_bad_input_is_not_held_back() -> None:
    with pytest.raises(VenueError), Problems().at("costs"):
        raise VenueError("away")

"""Which predictions an unclear submission may have created: never somebody else's, and ours is never overlooked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.matching import differs, judge, matches
from promptmill.contracts.resolution import UnclearSubmission
from promptmill.providers.wavespeed.client import HistoryItem

MODEL = "bytedance/seedream-v4/edit"
NOW = datetime(2026, 5, 19, 6, 0, tzinfo=UTC)
WINDOW = (NOW - timedelta(minutes=5), NOW + timedelta(minutes=6))

words = st.lists(st.text("abcdef", min_size=1, max_size=6), min_size=1, max_size=6).map(" ".join)
seeds = st.integers(0, 2**63)
addresses = st.integers(0, 9).map("https://pictures.example/{}.png".format)
media = st.fixed_dictionaries({}, optional={"images": st.lists(addresses, min_size=1), "last_image": addresses})
settings_of_models = st.dictionaries(
    st.sampled_from(["size", "steps", "guidance", "output_format", "safe"]),
    st.one_of(st.integers(), st.booleans(), st.sampled_from(["512*512", "png"]), st.floats(0, 9, allow_nan=False)),
)


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    body = {"prompt": draw(words)} | draw(media) | draw(settings_of_models)
    return body | ({"seed": draw(seeds)} if draw(st.booleans()) else {})


def unclear(request: dict[str, Any]) -> UnclearSubmission:
    return UnclearSubmission(
        submission_id=UUID(int=1),
        job_id=UUID(int=2),
        model=MODEL,
        request=request,
        request_hash="",
        provider_base="",
        key_fingerprint="",
        asked_at=NOW,
        sent_from=NOW,
        sent_until=NOW,
    )


def item(inputs: dict[str, Any] | None, item_id: str = "p", **fields: Any) -> HistoryItem:
    usual: dict[str, Any] = {"id": item_id, "model": MODEL, "created_at": NOW, "status": "completed"}
    return HistoryItem(**(usual | {"inputs": inputs} | fields))


def judged(
    request: dict[str, Any], *items: HistoryItem, owned: frozenset[str] = frozenset()
) -> tuple[tuple[str, ...], Any]:
    judgement = judge(unclear(request), items, owned=owned, window=WINDOW)
    return judgement[0], judgement[1]


@given(requests(), settings_of_models)
def test_what_we_sent_is_found_whatever_defaults_wavespeed_adds(request: dict[str, Any], defaults: Any) -> None:
    assert judged(request, item(defaults | request)) == (("p",), "p")


@given(requests())
def test_a_prediction_without_inputs_is_a_candidate_and_never_a_match(request: dict[str, Any]) -> None:
    assert judged(request, item(None)) == (("p",), None)


@given(requests(), words)
def test_another_prompt_is_no_candidate(request: dict[str, Any], other: str) -> None:
    found = judged(request, item(request | {"prompt": other + " x"}))

    assert found == ((), None)


@given(requests(), seeds, seeds)
def test_another_seed_is_no_candidate(request: dict[str, Any], ours: int, theirs: int) -> None:
    found = judged(request | {"seed": ours}, item(request | {"seed": theirs}))

    assert found == ((("p",), "p") if ours == theirs else ((), None))


@given(requests(), st.data())
def test_any_other_input_that_differs_leaves_a_candidate_that_is_not_adopted(
    request: dict[str, Any], data: st.DataObject
) -> None:
    request["size"] = "512*512"
    name = data.draw(st.sampled_from(sorted(request.keys() - {"prompt", "seed"})))

    assert judged(request, item(request | {name: ["something", "else"]})) == (("p",), None)


@given(requests(), addresses)
def test_pictures_on_one_side_alone_are_no_match(request: dict[str, Any], picture: str) -> None:
    with_picture = request | {"start_image": picture}

    assert judged(with_picture, item(request)) == (("p",), None)
    assert judged(request, item(with_picture)) == (("p",), None)


@given(requests(), seeds)
def test_a_seed_that_wavespeed_does_not_show_is_no_match(request: dict[str, Any], seed: int) -> None:
    shown = {name: value for name, value in request.items() if name != "seed"}

    assert judged(request | {"seed": seed}, item(shown)) == (("p",), None)


@given(requests(), st.lists(st.one_of(st.none(), requests()), max_size=4), st.booleans())
def test_a_match_is_always_the_only_candidate(
    request: dict[str, Any],
    others: list[dict[str, Any] | None],
    ours_too: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    shown = [*others, *([request] if ours_too else [])]
    candidates, match = judged(request, *(item(inputs, f"p{n}") for n, inputs in enumerate(shown)))

    assert match is None or candidates == (match,)
    assert not ours_too or f"p{len(others)}" in candidates, "ours is never overlooked"


@given(requests(), st.integers(1, 3))
def test_equal_predictions_cannot_be_told_apart(request: dict[str, Any], more: int) -> None:
    candidates, match = judged(request, *(item(request, f"p{n}") for n in range(more + 1)))

    assert len(candidates) == more + 1
    assert match is None


@given(requests())
def test_an_owned_prediction_is_no_candidate_and_does_not_hide_ours(request: dict[str, Any]) -> None:
    found = judged(request, item(request, "theirs"), item(request, "ours"), owned=frozenset({"theirs"}))

    assert found == (("ours",), "ours")


@pytest.mark.parametrize("at", [WINDOW[0] - timedelta(microseconds=1), WINDOW[1] + timedelta(microseconds=1)])
def test_what_was_made_at_another_time_is_no_candidate(at: datetime) -> None:
    assert judged({"prompt": "a fox"}, item({"prompt": "a fox"}, created_at=at)) == ((), None)


def test_a_candidate_of_another_model_is_not_adopted() -> None:
    """The list was asked for one model: a name that differs may be WaveSpeed's own for it."""
    assert judged({"prompt": "a fox"}, item({"prompt": "a fox"}, model="another/model")) == (("p",), None)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"prompt": " a  fox\n"}, {"prompt": "a fox"}),
        ({"prompt": "x", "seed": 5}, {"prompt": "x", "seed": "5"}),
        ({"prompt": "x", "seed": 5}, {"prompt": "x", "seed": 5.0}),
        ({"prompt": "x", "seed": -1}, {"prompt": "x", "seed": 77}),
        ({"prompt": "x", "seed": -1}, {"prompt": "x"}),
        ({"prompt": "x"}, {"prompt": "x", "seed": 77}),
        ({"prompt": "x", "images": ["https://a.example/1"]}, {"prompt": "x", "images": "https://a.example/1"}),
        ({"prompt": "x", "images": []}, {"prompt": "x"}),
        ({"prompt": "x", "strength": 1}, {"prompt": "x", "strength": 1.0}),
        ({"prompt": "x", "negative_prompt": None}, {"prompt": "x", "negative_prompt": ""}),
    ],
)
def test_forms_in_which_one_value_can_be_written_match(sent: dict[str, Any], shown: dict[str, Any]) -> None:
    assert matches(sent, shown)
    assert not differs(sent, shown)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"prompt": "x"}, {}),
        ({"prompt": "x"}, {"seed": 5}),
        ({"prompt": ""}, {"prompt": ""}),
        ({"prompt": "x", "safe": True}, {"prompt": "x", "safe": 1}),
        ({"prompt": "x", "images": ["https://a.example/1", "https://a.example/2"]}, {"prompt": "x", "images": []}),
        (
            {"prompt": "x", "images": ["https://a.example/1", "https://a.example/2"]},
            {"prompt": "x", "images": ["https://a.example/2", "https://a.example/1"]},
        ),
        ({"prompt": "x", "seed": 5}, {"prompt": "x", "seed": -1}),
        ({"prompt": "x", "seed": 5}, {"prompt": "x", "seed": True}),
    ],
)
def test_what_may_be_ours_and_is_not_told_is_a_candidate_without_a_match(
    sent: dict[str, Any], shown: dict[str, Any]
) -> None:
    assert not matches(sent, shown)
    assert not differs(sent, shown)

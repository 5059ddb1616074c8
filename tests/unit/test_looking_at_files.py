"""What a table's files are is seen from how they begin; each is looked at once, and not for ever."""

from __future__ import annotations

from collections import Counter

import pytest

from api.batches import looking
from api.batches.looking import Look, Looker, Named, files_of
from promptmill.contracts.catalogue import InputType, ModelInput
from promptmill.contracts.errors import OutputUnavailable
from promptmill.contracts.outputs import Head

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(50)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@pytest.mark.parametrize(
    ("head", "takes", "fault"),
    [
        (Head(200, "text/html", PNG), "image", None),
        (Head(206, "", PNG), "image", None),
        (Head(200, "image/x-new", b"\x00\xff\xfe\x01" * 9), "image", None),
        (Head(200, "", b"\x00\xff\xfe\x01" * 9), "image", None),
        (Head(200, "video/mp4", MP4), "video", None),
        (Head(200, "audio/mp4", MP4), "audio", None),
        (Head(200, "image/png", b"<html>"), "image", "this is text/html."),
        (Head(200, "image/png", b"not yet"), "image", "this is text/plain."),
        (Head(200, "image/svg+xml", b"<svg xmlns='x'>"), "image", "this is a drawing (SVG)."),
        (Head(200, "image/png", MP4), "image", "this is video/mp4."),
        (Head(200, "video/mp4", PNG), "video", "this is image/png."),
        (Head(200, "application/pdf", PDF), "image", "this is application/pdf."),
        (Head(200, "image/png", b""), "image", "the file is empty."),
        (Head(404, "image/png", PNG), "image", "its server answers 404."),
        (Head(410, "", b""), "video", "its server answers 410."),
    ],
    ids=str,
)
async def test_what_a_file_is_decides_whether_it_is_a_fault(head: Head, takes: str, fault: str | None) -> None:
    async def read(_: str) -> Head:
        return head

    file = Named("image", "https://a.example/1", takes)
    looks = await Looker(read).look([file])

    noun = {"image": "an image", "video": "a video", "audio": "a sound"}[takes]
    assert looks == {file: Look(fault and f"Must be the URL of {noun}: {fault}")}


async def test_what_cannot_be_seen_is_no_fault_and_is_seen_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    asked: Counter[str] = Counter()

    async def read(url: str) -> Head:
        asked[url] += 1
        if url == "silent":
            raise OutputUnavailable("its name does not resolve")
        return Head(403 if url == "forbidden" else 200, "", PNG)

    monkeypatch.setattr(looking, "monotonic", lambda: now)
    files = [Named("image", url, "image") for url in ("fine", "silent", "forbidden")]
    looker = Looker(read)

    assert [*(await looker.look(files)).values()] == [
        Look(),
        Look(unseen="its name does not resolve"),
        Look(unseen="its server answered 403"),
    ]
    await looker.look(files)
    assert asked == {"fine": 1, "silent": 1, "forbidden": 1}
    now += looking.OTHER_SECONDS + 1
    await looker.look(files)
    assert asked == {"fine": 1, "silent": 2, "forbidden": 2}


async def test_when_time_is_up_the_rest_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    asked = []

    async def read(url: str) -> Head:
        nonlocal now
        asked.append(url)
        now += looking.LOOKING_SECONDS / 4
        return Head(200, "", PNG)

    monkeypatch.setattr(looking, "monotonic", lambda: now)
    looks = await Looker(read).look([Named("image", str(number), "image") for number in range(10_000)])

    assert len(asked) < looking.AT_ONCE
    assert sum(look == Look() for look in looks.values()) == len(asked)
    assert {look.unseen for look in looks.values()} == {None, "there were too many files to look at"}


async def test_a_process_remembers_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def read(url: str) -> Head:
        asked.append(url)
        return Head(200, "", PNG)

    monkeypatch.setattr(looking, "REMEMBERED", 2)
    looker = Looker(read)
    for url in ("a", "b", "c", "c", "b", "a"):
        await looker.look([Named("image", url, "image")])

    assert asked == ["a", "b", "c", "a"]


def test_files_are_found_by_the_inputs_of_the_model() -> None:
    inputs = {
        "images": ModelInput("images", InputType.JSON, media=("image",)),
        "driving": ModelInput("driving", InputType.TEXT, media=("video",)),
        "website": ModelInput("website", InputType.TEXT),
    }
    body = {
        "targetUrl": "https://a.example/1",
        "refUrls": ["HTTPS://a.example/2"],
        "input": {
            "images": ["https://a.example/3", "data:image/png;base64,", 5],
            "driving": "https://a.example/4",
            "website": "https://a.example/5",
            "other": "https://a.example/6",
        },
    }

    assert [*files_of(body, inputs)] == [
        Named("image", "https://a.example/1", "image"),
        Named("images", "HTTPS://a.example/2", "image"),
        Named("images", "https://a.example/3", "image"),
        Named("images", "data:image/png;base64,", "image"),
        Named("driving", "https://a.example/4", "video"),
    ]


async def test_where_servers_are_not_asked_only_a_file_in_the_table_itself_is_looked_at() -> None:
    asked = []

    async def read(url: str) -> Head:
        asked.append(url)
        return Head(200, "", b"<html>")

    inline = Named("image", "data:image/png;base64,PGh0bWw+", "image")
    elsewhere = Named("image", "https://a.example/1", "image")

    looks = await Looker(read, asks_servers=False).look([inline, elsewhere])

    assert asked == [inline.url]
    assert looks == {inline: Look("Must be the URL of an image: this is text/html."), elsewhere: Look()}

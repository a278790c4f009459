"""Files for browsers: the page of a CGRU installation, and thumbnails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grange.doors.afanasy import static, thumbs
from grange.doors.afanasy.framing import Get
from grange.doors.afanasy.static import NO_FOLDER, Static
from grange.store.pictures import Album, Thumbnail
from tests.doors.afanasy.recorded import recorded
from tests.jpegs import a_jpeg

PAGE = "<!DOCTYPE html><title>AFANASY</title>"


@pytest.fixture
def cgru(tmp_path: Path) -> Path:
    """A folder as CGRU has it, beside files that are nobody's business."""
    folder = tmp_path / "cgru"
    for name, text in {
        "afanasy/browser/index.html": PAGE,
        "afanasy/browser/style.css": "body{}",
        "icons/software/my icon.png": "png",
        "config_default.json": "{}",
        "afanasy/.htdigest": "ann:CGRU:secret",
        "afanasy/.hidden.css": "secret",
        "start.sh": "secret",
        "lib/js/md5.js": "md5",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (tmp_path / "outside.css").write_text("secret")
    (folder / "link.css").symlink_to(tmp_path / "outside.css")
    (folder / "inner.css").symlink_to(folder / "afanasy/browser/style.css")
    (folder / "sly.css").symlink_to(folder / "start.sh")
    (folder / "circle.css").symlink_to(folder / "circle.css")
    return folder


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as found:
        yield found


def served(
    files: Static, path: str, *, pictures: bool = True
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer."""
    data = asyncio.run(files.serve(Get(path, "farm"), pictures=pictures))
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.fixture
def files(cgru: Path, tmp_path: Path, threads: ThreadPoolExecutor) -> Static:
    return Static(cgru, Album(tmp_path / "album"), threads)


@pytest.mark.parametrize(
    ("path", "kind", "cache", "body"),
    [
        ("/", "text/html; charset=UTF-8", 0, PAGE),
        ("/afanasy/browser/", "text/html; charset=UTF-8", 0, PAGE),
        ("/afanasy/browser/index.html", "text/html; charset=UTF-8", 0, PAGE),
        ("/afanasy/browser/style.css", "text/css; charset=UTF-8", 3600, "body{}"),
        ("/icons/software/my%20icon.png", "image/png", 3600, "png"),
        ("/lib/js/md5.js", "text/javascript; charset=UTF-8", 3600, "md5"),
        ("/inner.css", "text/css; charset=UTF-8", 3600, "body{}"),
    ],
)
def test_a_file_of_the_folder_is_served(
    files: Static, path: str, kind: str, cache: int, body: str
) -> None:
    status, headers, found = served(files, path)
    assert (status, found.decode()) == (200, body)
    assert headers["Content-Type"] == kind
    assert headers["Cache-Control"] == f"max-age={cache}"


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/nonexist.js",
            "/afanasy",
            "/config_default.json",
            "/start.sh",
            "//",
            "/lib//js/md5.js",
        ),
        *("/afanasy/.htdigest", "/afanasy/.hidden.css", "/afanasy/browser/../browser/style.css"),
        *("/../outside.css", "/%2e%2e/outside.css", "/..%2foutside.css", "/link.css", "/sly.css"),
        *("/afanasy/browser/style.css/", "/circle.css", "/a%00.css", "/a%0a.css", "/C:/a.css"),
        *("/..\\outside.css", "/%c0%ae%c0%ae/outside.css", "/x" * 5_000 + ".css", "style.css"),
    ],
)
@pytest.mark.proves("afanasy.security.files")
def test_nothing_else_is(files: Static, path: str) -> None:
    status, _, body = served(files, path)
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize("vector", recorded("http_get"), ids=lambda item: item["input"]["path"])
def test_a_path_has_the_status_that_it_has_in_afanasy(
    files: Static, vector: dict[str, Any]
) -> None:
    status, headers, body = served(files, vector["input"]["path"])
    line, *said = vector["output"]["status_and_headers"].split("\r\n")
    assert status == int(line.split()[1])
    assert body.startswith(b"<!DOCTYPE html>")
    if status == 200:
        kept = {"Connection: close", "Cache-Control: max-age=0"}
        assert kept <= set(said) & {f"{name}: {value}" for name, value in headers.items()}


def test_a_path_is_shown_as_text(files: Static) -> None:
    assert b"<script>" not in served(files, "/%3Cscript%3E")[2]


def test_a_file_that_is_too_large_is_not(
    files: Static, cgru: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "FILE_MAX", 2)
    assert served(files, "/lib/js/md5.js")[0] == 404


def test_without_a_folder_it_is_said_what_to_set(
    tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    status, _, body = served(Static(None, Album(tmp_path), threads), "/")
    assert status == 404
    assert b"afanasy_cgru_folder" in body
    assert "afanasy_cgru_folder" in NO_FOLDER


@given(path=st.text(max_size=30))
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    name = static.wanted(path)
    assert not name.startswith("/")
    assert all(part and not part.startswith(".") for part in name.split("/")) or not name


@pytest.mark.proves("afanasy.framings.thumbnails")
def test_a_thumbnail_is_served_by_the_name_that_it_is_given(files: Static, tmp_path: Path) -> None:
    album = Album(tmp_path / "album")
    number = album.keep(3, 7, "/prj/out/img 0001.exr", a_jpeg())
    (kept,) = album.of_run(3, 7)
    name = thumbs.path(3, kept)
    assert name == f"/3/7/{number}/img_0001.exr.jpg"
    status, headers, body = served(files, f"/@TMP@{name}")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert body == album.read(3, 7, number)


def test_thumbnails_are_not_for_all(files: Static, tmp_path: Path) -> None:
    Album(tmp_path / "album").keep(3, 7, "a", a_jpeg())
    assert served(files, "/@TMP@/3/7/1/a.jpg")[0] == 200
    assert served(files, "/@TMP@/3/7/1/a.jpg", pictures=False)[0] == 404


@pytest.mark.parametrize("path", ["", "/etc/passwd", "/3/7/2/a.jpg", "/3/7/1/../a.jpg", "/3/7"])
def test_what_is_no_thumbnail_is_not_there(files: Static, path: str) -> None:
    assert served(files, f"/@TMP@{path}")[0] == 404


@pytest.mark.parametrize("name", ["", "a/b\\c.exr", "ü?#.png", "x" * 300, "..", "a\nb"])
def test_any_name_gives_a_path_that_means_the_thumbnail(name: str) -> None:
    path = thumbs.path(3, Thumbnail(7, 2, name, 1, 0.0))
    assert path.endswith(".jpg")
    assert thumbs.meant(path) == (3, 7, 2)

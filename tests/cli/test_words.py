from __future__ import annotations

import pytest

from grange.cli.words import (
    BadWord,
    command_patterns,
    file_pattern,
    names_only_one_frame,
    varies,
)
from grange.model.frames import TaskFrames
from grange.model.patterns import fill_command, fill_files

FRAMES = TaskFrames(first=8, last=12, inc=2, number=3)


@pytest.mark.parametrize(
    ("said", "pattern", "filled"),
    [
        ("{frame}", "@first#@", "8"),
        ("{frame:04}", "@first####@", "0008"),
        ("{first}", "@first#@", "8"),
        ("{first:03}", "@first###@", "008"),
        ("{last}", "@last#@", "12"),
        ("{last:04}", "@last####@", "0012"),
        ("{inc}", "@inc@", "2"),
        ("{frames}", "@frames@", "8-12x2"),
        ("{task}", "@task@", "5"),
        ("a.{frame:04}.{last}", "a.@first####@.@last#@", "a.0008.12"),
        ("{{frame}}", "{frame}", "{frame}"),
        ("{{{frame}}}", "{@first#@}", "{8}"),
        ("plain @#@", "plain @#@", "plain 8"),
    ],
)
def test_a_word_in_braces_is_a_pattern(said: str, pattern: str, filled: str) -> None:
    assert command_patterns([said]) == (pattern,)
    assert fill_command((pattern,), FRAMES, task=5) == (filled,)


def test_frame_means_the_first_however_often_it_is_named() -> None:
    patterns = command_patterns(["{frame}", "{frame}", "{frame}"])
    assert fill_command(patterns, FRAMES) == ("8", "8", "8")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("{fram}", "did you mean {frame}?"),
        ("{}", "known are {frame}"),
        ("${HOME}", "write {{ and }}"),
        ("{frame:4}", "{frame:04}"),
        ("{frame:0x}", "{frame:04}"),
        ("{inc:04}", "for {frame}, {first}, {last} only"),
        ("{frame:099}", "{frame:04}"),
        ("a{b", "write {{ for the brace"),
        ("a}b", "write }} for the brace"),
    ],
)
def test_a_word_that_is_none_is_refused_with_advice(said: str, advice: str) -> None:
    with pytest.raises(BadWord) as caught:
        command_patterns([said])
    assert advice in str(caught.value)


def test_files_have_one_name_for_each_frame() -> None:
    pattern = file_pattern("out/a.{frame:04}.exr")
    assert pattern == "out/a.@####@.exr"
    assert list(fill_files([pattern], FRAMES))[1] == "out/a.0010.exr"


def test_files_have_no_other_word_than_frame() -> None:
    with pytest.raises(BadWord, match="one for each"):
        file_pattern("a.{first}.exr")


@pytest.mark.parametrize(
    ("words", "only_one"),
    [
        (["render", "{frame}"], True),
        (["render", "{frame:04}", "{task}"], True),
        (["render", "{frame}", "{last}"], False),
        (["render", "{first}", "--count", "5"], False),
        (["render", "{frames}"], False),
        (["render", "{{frame}}"], False),
        (["render"], False),
    ],
)
def test_a_command_for_one_frame_is_told_from_one_for_several(
    words: list[str], only_one: bool
) -> None:
    assert names_only_one_frame(words) is only_one


def test_a_command_varies_when_it_has_any_pattern() -> None:
    assert varies(["a", "b.@####@"])
    assert varies(["@task@"])
    assert not varies(["a", "#", "@"])

from __future__ import annotations

from pathlib import Path

import pytest

from grange.plugins.runners.deletefiles import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.1.exr", "a.2.exr", "b.exr", "sub/c.exr"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_are_deleted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder / "b.exr"), f"{folder}/a.*.exr"]) == 0
    assert left(folder) == ["sub"]
    assert f"deleting {folder / 'b.exr'}" in capsys.readouterr().out


def test_a_folder_is_deleted_with_all_that_is_in_it(folder: Path) -> None:
    assert main([str(folder / "sub")]) == 0
    assert "sub" not in left(folder)


def test_of_a_link_only_the_link_is_deleted(folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to(folder / "sub")
    assert main([str(folder / "link")]) == 0
    assert (folder / "sub" / "c.exr").exists()


def test_either_slash_will_do(folder: Path) -> None:
    assert main([str(folder / "sub" / "c.exr").replace("/", "\\")]) == 0
    assert list((folder / "sub").iterdir()) == []


def test_what_is_not_there_is_an_error_and_the_rest_is_deleted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-q", str(folder / "none"), f"{folder}/z*", str(folder / "b.exr")]) == 1
    out = capsys.readouterr().out
    assert out == f"there is no {folder / 'none'}\nthere is no {folder}/z*\n"
    assert "b.exr" not in left(folder)
    assert main(["-s", str(folder / "none")]) == 0


def test_nothing_is_deleted_where_that_is_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-d", str(folder / "sub")]) == 0
    assert "sub" in left(folder)
    assert "would delete" in capsys.readouterr().out


def test_what_cannot_be_deleted_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "no", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert main([str(folder / "b.exr")]) == 1
    assert "cannot be deleted" in capsys.readouterr().out

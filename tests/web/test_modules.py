"""The page's pure modules, each called in a browser."""

from __future__ import annotations

import json
import random

import pytest

from grange.model.frames import TaskSpace, parse_frames
from grange.model.states import TaskState
from tests.web.browser import Page
from tests.web.fake import FakeFarm

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def opened(farm: FakeFarm, page: Page) -> Page:
    """A page from which the modules can be imported."""
    page.open(farm.url)
    return page


def test_the_states_have_the_servers_numbers(opened: Page) -> None:
    names = opened.ask("import('/model.js').then((model) => model.TASK_STATES)")
    assert names == [state.name.lower() for state in TaskState]


@pytest.mark.parametrize("frames", ["7", "1-100", "-5-5", "1-100x7", "1,2,3,10-20x5,99", "4,8,12"])
@pytest.mark.parametrize("per_task", [1, 3, 10])
def test_tasks_have_the_servers_frames(opened: Page, frames: str, per_task: int) -> None:
    space = TaskSpace(parse_frames(frames), per_task)
    block = json.dumps({"frames": frames, "frames_per_task": per_task})
    found = opened.ask(
        f"""import('/frames.js').then(({{ framesOf }}) =>
          Array.from({{ length: {space.size + 1} }}, (_, task) => framesOf({block}, task)))"""
    )
    wanted = [
        {"first": item.first, "last": item.last}
        for item in map(space.__getitem__, range(len(space)))
    ]
    assert found == [*wanted, None]


@pytest.mark.parametrize(
    ("raw", "shown", "level"),
    [
        ("plain", "plain", ""),
        ("\x1b[31mred\x1b[0m", "red", ""),
        ("\x1b]0;title\x07text", "text", ""),
        ("10 %\r20 %\r", "20 %", ""),
        ("a\x00b\x08c\td", "abc\td", ""),
        ("right\u202eleft", "rightleft", ""),
        ("Error: no such file", "Error: no such file", "error"),
        ("ValueError: bad", "ValueError: bad", "error"),
        ("finished with 0 errors", "finished with 0 errors", ""),
        ("WARNING texture is missing", "WARNING texture is missing", "warning"),
        ("x" * 5_000, "x" * 2_000 + " …", ""),
    ],
)
def test_lines_of_a_log(opened: Page, raw: str, shown: str, level: str) -> None:
    found = opened.ask(f"import('/log.js').then((log) => log.line({json.dumps(raw)}))")
    assert found == {"text": shown, "level": level}


def test_a_log_in_any_pieces_is_the_same_log(opened: Page) -> None:
    text = "".join(f"Zeile {number} äöü € 🌾\n" for number in range(60)) + "rest"
    data = text.encode()
    chance = random.Random(4)
    for _ in range(20):
        cuts = sorted(chance.sample(range(1, len(data)), 5))
        found = opened.ask(
            f"""import('/log.js').then((log) => {{
              const data = new TextEncoder().encode({json.dumps(text)});
              let state = log.open(1, false);
              for (const to of [...{cuts}, data.length]) {{
                const part = {{ first: state.end, bytes: data.slice(state.end, to), size: to }};
                state = log.read(state, part);
              }}
              return [...state.lines.map((line) => line.text), state.rest];
            }})"""
        )
        assert found == text.split("\n")


def test_a_log_is_bounded(opened: Page) -> None:
    kept, first, rest = opened.ask(
        """import('/log.js').then((log) => {
          let state = { ...log.open(1, false), loaded: true };
          for (let part = 0; part < 300; part += 1) {
            state = log.hear(state, { offset: state.end, text: 'line\\n'.repeat(100) });
          }
          state = log.hear(state, { offset: state.end, text: 'x'.repeat(5e6) });
          return [state.lines.length, state.from, state.rest.length];
        })"""
    )
    assert (kept, first) == (5_000, 25_000)
    assert rest <= 20_000


def test_the_model_is_bounded(opened: Page) -> None:
    jobs, tasks = opened.ask(
        """import('/model.js').then(({ apply, empty }) => {
          let model = apply(empty, { type: 'snapshot', number: 1, farm: { now: 0 } });
          model = apply(model, { type: 'open-grid', job: 1, block: 0 });
          const states = new Uint8Array(60000);
          model = apply(model, { type: 'grid-read', job: 1, block: 0, states, tasks: [] });
          for (let n = 0; n < 60; n += 1) {
            const jobs = Array.from({ length: 200 }, (_, k) => ({ job_id: n * 200 + k }));
            const tasks = Array.from({ length: 1000 }, (_, k) =>
              ({ job_id: 1, block: 0, task: n * 1000 + k, state: 3 }));
            model = apply(model, { type: 'patch', number: n + 2, jobs, tasks });
          }
          return [model.jobs.size, model.grid.tasks.size];
        })"""
    )
    assert (jobs, tasks) == (5_000, 5_000)


def test_what_is_heard_while_states_are_read_comes_after_them(opened: Page) -> None:
    found = opened.ask(
        """import('/model.js').then(({ apply, empty }) => {
          const at = { job: 1, block: 0 };
          let model = apply(empty, { type: 'open-grid', ...at });
          model = apply(model, { type: 'grid-asked' });
          const done = { job_id: 1, block: 0, task: 1, state: 3 };
          model = apply(model, { type: 'patch', number: 2, tasks: [done] });
          const states = new Uint8Array([2, 2, 2]);
          model = apply(model, { type: 'grid-read', ...at, states, tasks: [] });
          const old = [{ ...done, task: 2, state: 1 }];
          model = apply(model, { type: 'tasks-read', ...at, tasks: old });
          return [...model.grid.states];
        })"""
    )
    assert found == [2, 3, 2]


def test_applying_leaves_the_old_model_as_it_was(opened: Page) -> None:
    found = opened.ask(
        """import('/model.js').then(({ apply, empty }) => {
          const farm = { now: 5 };
          const jobs = [{ job_id: 1 }];
          const before = apply(empty, { type: 'snapshot', number: 1, farm, jobs });
          const kept = JSON.stringify([before, [...before.jobs]]);
          const patch = { type: 'patch', number: 2, jobs: [{ job_id: 2 }], jobs_gone: [1] };
          const after = apply(before, patch);
          const twice = apply(after, patch);
          return [kept === JSON.stringify([before, [...before.jobs]]),
            [...after.jobs.keys()], [...twice.jobs.keys()], after.number];
        })"""
    )
    assert found == [True, [2], [2], 2]

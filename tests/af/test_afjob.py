"""What becomes of a scene: the program that is asked, and the job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grange import af
from grange.af.afjob import ENDINGS, BadScene, Options, Variation, job_of
from grange.plugins import loading

# scene, what else is said, service, what is run
WAYS: list[tuple[str, dict[str, Any], str, str]] = [
    ("a.blend", {"by": 2}, "blender", 'blender -b "a.blend" -s @#@ -e @#@ -j 2 -a'),
    (
        "a.blend",
        {"output": "/o/i.####.png", "extrargs": "-E CYCLES"},
        "blender",
        'blender -b "a.blend" -E CYCLES -o "/o/i.####.png" -s @#@ -e @#@ -j 1 -a',
    ),
    (
        "a.nk",
        {"node": "Write1", "capmax": 4, "script": "r.py"},
        "nuke",
        'nuke -t "r.py" -F @#@-@#@x1 -m @AF_CAPACITY@ -X Write1 -x "a.nk"',
    ),
    (
        "a.hip",
        {"node": "/out/m", "take": "back", "ignoreinputs": True, "output": "o.####.exr"},
        "hbatch_mantra",
        'hbatch -c "takeset back; render -V -s -o o.$F4.exr -f @#@ @#@ -i 1 /out/m; quit" "a.hip"',
    ),
    (
        "a.hipnc",
        {"node": "/out/m", "exec": "hrender_af", "take": "t", "capmin": 1, "ignoreinputs": True},
        "hbatch_mantra",
        'hrender_af --numcpus @AF_CAPACITY@ -i -s @#@ -e @#@ --by 1 -t "t" "a.hipnc" "/out/m"',
    ),
    (
        "a.ma",
        {"proj": "/p", "node": "cam", "take": "fg", "output": "/o/beauty.####.exr"},
        "maya",
        'Render -s @#@ -e @#@ -b 1 -cam "cam" -rl "fg" -rd "/o" -im "beauty" -of "exr"'
        ' -proj "/p" "a.ma"',
    ),
    (
        "a.mb",
        {"type": "maya_arnold"},
        "maya_arnold",
        'Render -r arnold -s @#@ -e @#@ -b 1 "a.mb"',
    ),
    (
        "a.mb",
        {"type": "maya_delight", "take": "p", "output": "/o/x.exr"},
        "maya_delight",
        'Render -r 3delight -an 1 -s @#@ -e @#@ -inc 1 -rp "p" "a.mb"',
    ),
    (
        "a.max",
        {"take": "all", "node": "Cam", "output": "o.jpg"},
        "max",
        '3dsmaxcmd "a.max" -start:@#@ -end:@#@ -nthFrame:1 -v:5 -continueOnError -showRFW:0'
        ' -cam:"Cam" -batchrender -o:"o.jpg"',
    ),
    (
        "a.max",
        {"take": "view 1"},
        "max",
        '3dsmaxcmd "a.max" -start:@#@ -end:@#@ -nthFrame:1 -v:5 -continueOnError -showRFW:0'
        ' -batchrender:"view 1"',
    ),
    (
        "a.scn",
        {"take": "P", "output": "/o"},
        "xsi",
        'xsibatch -render "a.scn" -frames @#@,@#@,1 -pass "P" -output_dir "/o"',
    ),
    (
        "a.scn",
        {"script": "r.py", "simulate": True},
        "xsi",
        'xsibatch -script "r.py" -lang Python -main afRender -args -scene "a.scn"'
        " -start @#@ -end @#@ -step 1 -simulate 1",
    ),
    (
        "a.aep",
        {"node": "Comp 1", "take": "T", "output": "o[####].png"},
        "afterfx",
        'aerender -project "a.aep" -s @#@ -e @#@ -i 1 -comp "Comp 1" -RStemplate "T"'
        ' -output "o[####].png"',
    ),
    (
        "a.c4d",
        {"output": "o"},
        "c4d",
        'Commandline -nogui -render "a.c4d" -frame @#@ @#@ 1 -oimage "o"',
    ),
    (
        "a.vrscene",
        {"output": "o.exr", "by": 2},
        "vray",
        'vray -sceneFile="a.vrscene" -frames=@#@-@#@,2 -display=0 -imgFile="o.exr"',
    ),
    (
        "a.%04d.ass",
        {"capmin": 1},
        "arnold",
        'kick -nstdin -dw -v 4 -t @AF_CAPACITY@ -i "a.@####@.ass"',
    ),
    ("a.####.rib", {"capmin": 1}, "prman", 'prman -Progress -t:@AF_CAPACITY@ "a.@####@.rib"'),
    ("a.##.mi", {}, "mentalray", 'ray -verbose 5 "a.@##@.mi"'),
    ("a.####.ifd", {"output": "o.exr"}, "mantra", 'mantra -V a -f "a.@####@.ifd" "o.exr"'),
    (
        "a.comp",
        {},
        "fusion",
        'FusionRenderNode "a.comp" -render -start @#@ -end @#@ -step 1 -verbose -quit',
    ),
    ("a.lws", {"proj": "/p"}, "lightwave", 'lwsn -3 -d"/p" "a.lws" @#@ @#@ 1'),
    (
        "a.project",
        {"node": "project://i"},
        "clarisse",
        'cnode "a.project" -image "project://i" -frames_list @#@:@#@%1',
    ),
    ("a.ntp", {"node": "W"}, "natron", 'NatronRenderer -w "W" @#@-@#@:1 "a.ntp"'),
    ("a.shk", {}, "generic", 'shake -exec "a.shk" -vv -t @#@-@#@x1'),
    ("run.sh", {"extrargs": "-x"}, "generic", "run.sh -x @#@ @#@"),
    (
        "A.BLEND",
        {"exec": "/b/blender"},
        "blender",
        '/b/blender -b "A.BLEND" -s @#@ -e @#@ -j 1 -a',
    ),
]


def made(scene: str, **said: Any) -> af.Job:
    return job_of(Options(scene=scene, first=1, last=10, **said))


@pytest.mark.parametrize(("scene", "said", "service", "command"), WAYS)
def test_a_scene_is_rendered_by_its_program(
    scene: str, said: dict[str, Any], service: str, command: str
) -> None:
    (block,) = made(scene, **said).blocks
    assert (block.data["service"], block.data["command"]) == (service, command)


def test_every_ending_is_tried_above_and_has_a_service_of_ours() -> None:
    tried = {scene.lower().rpartition(".")[2] for scene, *_ in WAYS}
    assert set(ENDINGS) - tried == {"hiplc"}
    assert {service for _, _, service, _ in WAYS} - set(loading.names("services")) == set()


@pytest.mark.parametrize(("scene", "said", "service", "command"), WAYS)
def test_a_service_knows_the_first_word_of_its_command(
    scene: str, said: dict[str, Any], service: str, command: str
) -> None:
    names = loading.service_class(service, ()).program_names
    assert "exec" in said or service == "generic" or command.split()[0] in names


def test_a_job_is_named_like_its_scene_and_cut_as_was_said() -> None:
    job = made("/p/film.blend", fpt=3, by=2, seq=-1, pwd="/w")
    (block,) = job.blocks
    assert job.data["name"] == "film.blend"
    names = ("frame_first", "frame_last", "frames_per_task", "frames_inc", "sequential")
    assert [block.data[name] for name in names] == [1, 10, 3, 2, -1]
    assert (block.data["name"], block.data["working_directory"]) == ("blender", "/w")


def test_all_else_that_can_be_said_of_a_job() -> None:
    job = made(
        "a.blend",
        name="n",
        priority=7,
        maxruntasks=3,
        maxtasksperhost=1,
        pause=True,
        hostsmask="r",
        hostsexcl="s",
        depmask="a",
        depglbl="b",
        lifetime=60,
        os="linux",
        capacity=50,
        capmin=1,
        capmax=4,
        maxruntime=90,
        images="i.%04d.png",
        node="main",
    )
    assert {name: job.data[name] for name in set(job.data) - set(af.Job().data)} == {
        "max_running_tasks": 3,
        "max_running_tasks_per_host": 1,
        "hosts_mask": "r",
        "hosts_mask_exclude": "s",
        "depend_mask": "a",
        "depend_mask_global": "b",
        "time_life": 60,
        "need_os": "linux",
        "offline": True,
    }
    assert (job.data["name"], job.data["priority"]) == ("n", 7)
    (block,) = job.blocks
    names = ("capacity", "capacity_coeff_min", "capacity_coeff_max", "task_max_run_time")
    assert [block.data[name] for name in names] == [50, 1, 4, 90]
    assert (block.data["files"], block.data["name"]) == (["i.@####@.png"], "main")


def test_any_system_will_do_where_that_is_said() -> None:
    assert made("a.blend", os="any").data["need_os"] == ""


def test_output_is_what_people_look_at_where_no_images_are_named() -> None:
    (block,) = made("a.aep", output="/o/i[####].png").blocks
    assert block.data["files"] == ["/o/i@####@.png"]


def test_a_parameter_is_rendered_with_several_values() -> None:
    vary = Variation("seed", 5, 10, 3)
    job = made("a.scn", script="r.py", varirender=vary)
    assert [block.data["name"] for block in job.blocks] == [
        "variant[5]",
        "variant[15]",
        "variant[25]",
    ]
    assert job.blocks[2].data["command"].endswith(" -attr seed -value 25")


def test_the_scene_is_deleted_with_the_job(tmp_path: Path) -> None:
    scene = tmp_path / "a.blend"
    assert made(str(scene), deletescene=True).data["command_post"] == f'deletefiles "{scene}"'


def test_a_copy_of_the_scene_is_rendered_and_deleted(tmp_path: Path) -> None:
    scene = tmp_path / "a.blend"
    scene.write_text("scene")
    job = made(str(scene), tempscene=True, deletescene=True)
    (copy,) = (path for path in tmp_path.iterdir() if path != scene)
    assert copy.read_text() == "scene"
    assert copy.suffix == ".blend"
    assert job.data["name"] == "a.blend"
    assert job.data["command_post"] == f'deletefiles "{copy}"'
    assert f'-b "{copy}"' in job.blocks[0].data["command"]


def test_a_movie_is_made_of_the_images_when_they_are_there() -> None:
    job = made("a.blend", output="/o/i.####.png", mname="film", mres="1280x720", pwd="/w")
    movie = job.blocks[1]
    assert (movie.data["service"], movie.data["depend_mask"]) == ("ffmpeg", "blender")
    assert movie.tasks[0].data == {
        "name": "movie",
        "command": 'ffmpeg -y -framerate 25 -start_number 1 -i "/o/i.%04d.png"'
        ' -vf scale=1280:720 -c:v libx264 -pix_fmt yuv420p "film.mov"',
        "files": ["film.mov"],
    }


def test_a_movie_of_every_second_frame_takes_what_there_is() -> None:
    job = made("a.blend", images="i.##.png", mname="f.mp4", mcodec="libx265", by=2)
    assert job.blocks[1].tasks[0].data["command"] == (
        'ffmpeg -y -framerate 25 -pattern_type glob -i "i.*.png"'
        ' -c:v libx265 -pix_fmt yuv420p "f.mp4"'
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"scene": "a.hip"}, "say -node"),
        ({"scene": "a.blend", "last": 0}, "the last frame, 0, is before the first one, 1"),
        ({"scene": 'a".blend'}, "quotation mark"),
        ({"scene": "a.blend", "mname": "m"}, "say -images"),
        ({"scene": "a.blend", "mname": "m", "images": "%d.png", "mres": "big"}, "1280x720"),
        ({"scene": "/no/such/a.blend", "tempscene": True}, "cannot be copied"),
        ({"scene": "/", "tempscene": True}, "cannot be copied"),
        ({"scene": "a.blend", "by": 0}, "every 0-th frame"),
        ({"scene": "a.blend", "fpt": 0}, "0 frames in a task"),
        ({"scene": "a.blend", "mname": 'm"', "images": "%d.png"}, "quotation mark"),
        ({"scene": "a.blend", "mname": "m", "images": '"%d.png'}, "quotation mark"),
        ({"scene": "a.scn", "script": "s", "varirender": Variation("a", 0, 1, 0)}, "0 values"),
        ({"scene": "a.scn", "script": "s", "varirender": Variation("a", 0, 1, 10**9)}, "values"),
    ],
)
def test_what_cannot_be_is_said(said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadScene, match=sentence):
        job_of(Options(**({"first": 1, "last": 10} | said)))

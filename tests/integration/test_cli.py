"""The command line as a person uses it: the real program, real models, with and without a server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from sightline.models.manifest import MODELS
from sightline.testing import ServerProcess
from tests.command_line import answer, environment, sightline
from tests.conftest import ADMIN_PASSWORD
from tests.unit.models.graphs_made import answering


@pytest.fixture
def people(tmp_path: Path, models_home: Path) -> Path:
    """One photo of Eileen Collins, in the layout of `enroll`."""
    folder = tmp_path / "people" / "eileen-collins"
    folder.mkdir(parents=True)
    shutil.copy(models_home / "models" / "astronaut.png", folder)
    return folder.parent


@pytest.fixture
def both(tmp_path: Path, models_home: Path) -> Path:
    """A picture with Eileen Collins on the left and Grace Hopper on the right."""
    pictures = [cv2.imread(str(models_home / "models" / name)) for name in ("astronaut.png", "grace_hopper.jpg")]
    height = 600
    resized = [cv2.resize(one, (round(one.shape[1] * height / one.shape[0]), height)) for one in pictures]
    path = tmp_path / "both.jpg"
    cv2.imwrite(str(path), np.hstack(resized))
    return path


def test_enrol_then_identify_without_a_server(home: Path, people: Path, both: Path) -> None:
    first = json.loads(answer(home, "enroll", str(people), "--json"))
    assert (first["accepted"], first["refused"]) == (1, 0)
    assert first["files"][0]["person"] == "eileen-collins"

    again = json.loads(answer(home, "enroll", str(people), "--json"))
    assert (again["accepted"], again["already_enrolled"]) == (0, 1)
    (person,) = json.loads(answer(home, "people", "list", "--json"))
    assert (person["name"], person["references"], len(person["watch_lists"])) == ("eileen-collins", 1, 1)

    found = json.loads(answer(home, "identify", str(both), "--json"))
    assert list(found) == ["faces"]
    faces = sorted(found["faces"], key=lambda face: face["bbox"][0])
    assert all(list(face) == ["bbox", "confidence", "person", "similarity", "quality"] for face in faces)
    assert [face["person"] for face in faces] == ["eileen-collins", None]
    assert faces[0]["similarity"] > 0.5

    searched = sightline(home, "search", "--since", "2026-01-01", str(both))
    assert (searched.stdout, searched.stderr) == ("nobody like this was seen\n", ""), "no camera has seen anybody yet"
    assert "no camera with id 'attic'" in sightline(home, "search", "--camera", "attic", str(both)).stderr

    folder, table = both.parent / "pictures", both.parent / "seen.csv"
    folder.mkdir()
    shutil.copy(both, folder)
    (folder / "broken.png").write_bytes(both.read_bytes()[:5000])
    done = sightline(home, "analyse", "--json", "--csv", str(table), str(folder))
    assert done.returncode == 1, "one file of the two is broken"
    assert "1 of 2 files could not be analysed" in done.stderr
    good, broken = json.loads(done.stdout)["files"]
    assert "cut off" in broken["error"]
    named = [face["person"]["name"] for face in good["frames"][0]["faces"] if "person" in face]
    assert (len(good["frames"][0]["faces"]), named) == (2, ["eileen-collins"])
    assert len(table.read_text().splitlines()) >= 3
    assert not any((home / "analyses").iterdir()), "nothing is kept"


def test_what_is_no_face_is_refused_and_leaves_nobody(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "people" / "nobody"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "grey.png"), np.full((300, 300, 3), 127, np.uint8))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    (folder / "notes.txt").write_text("remember the milk")
    cv2.imwrite(str(folder.parent / "loose.png"), np.full((10, 10, 3), 127, np.uint8))

    done = sightline(home, "enroll", str(folder.parent), "--json")
    assert done.returncode == 1
    assert "nobody was enrolled" in done.stderr
    assert "loose.png" in done.stderr
    outcomes = {one["file"]: one for one in json.loads(done.stdout)["files"]}
    assert {name: one["outcome"] for name, one in outcomes.items()} == {
        "grey.png": "refused", "broken.jpg": "refused", "notes.txt": "skipped",
    }  # fmt: skip
    assert all(one["reasons"] for one in outcomes.values())
    assert json.loads(answer(home, "people", "list", "--json")) == []


def test_commands_talk_to_the_running_server(
    server: ServerProcess, people: Path, both: Path, tmp_path: Path
) -> None:
    home = server.home
    assert "1 of 1 people enrolled" in answer(home, "enroll", str(people), "--list", "Astronauts")
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30) as http:
        (enrolled,) = http.get("/api/people").json()["people"]
        (watch_list,) = [one for one in http.get("/api/watch-lists").json() if one["name"] == "Astronauts"]
        assert enrolled["watch_lists"] == [watch_list["id"]]

    assert "eileen-collins" in answer(home, "identify", str(both))
    assert "Astronauts" in answer(home, "people", "show", "eileen-collins")

    report = sightline(home, "doctor", "--json")
    findings = {one["subject"]: one for one in json.loads(report.stdout)}
    assert server.url in findings["server"]["message"]
    assert findings["engine"]["level"] == "ok"
    assert findings["models"]["level"] == "ok"

    assert sightline(home, "people", "remove", "eileen-collins", stdin="n\n").returncode == 1
    receipt = json.loads(answer(home, "people", "remove", "eileen-collins", "--yes", "--json"))
    assert (receipt["person_id"], receipt["references"]) == (enrolled["id"], 1)
    assert json.loads(answer(home, "people", "list", "--json")) == []
    _recordings_are_listed_exported_and_deleted(server, tmp_path / "export")


def _recordings_are_listed_exported_and_deleted(server: ServerProcess, folder: Path) -> None:
    home, always = server.home, ("2026-01-01", "2036-01-01 00:00")
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30) as http:
        camera = http.post("/api/cameras", json={"name": "hall", "source": "demo:"}).raise_for_status().json()
        path = f"/api/cameras/{camera['id']}"
        http.put(f"{path}/view", json={"record": True}).raise_for_status()
        while not [file for file in home.glob("**/footage/*/*.growing.mp4") if file.stat().st_size > 20_000]:
            time.sleep(0.1)
        http.delete(f"{path}/view").raise_for_status()  # ends the piece
        while not (pieces := http.get(f"{path}/footage").json()["pieces"]):
            time.sleep(0.1)
        assert f"{pieces[0]['duration_ms'] / 1000:.1f} s" in answer(home, "recordings", "list", "hall")
        assert f"{len(pieces)} pieces" in answer(home, "recordings", "export", "hall", *always, "--folder", str(folder))
        assert sorted(one.stat().st_size for one in folder.iterdir()) == sorted(one["size_bytes"] for one in pieces)
        http.delete(path).raise_for_status()
    gone = json.loads(answer(home, "recordings", "delete", camera["id"], *always, "--yes", "--json"))
    assert gone == {"camera_id": camera["id"], "deleted": len(pieces), "left": 0, "unreached_engines": []}
    assert [*home.glob("**/footage/*/*.mp4")] == []


def test_users_are_added_and_given_passwords_and_tokens(server: ServerProcess) -> None:
    home = server.home
    answer(home, "users", "add", "ada", "--role", "operator", "--password-stdin", stdin="a first password\n")
    answer(home, "users", "passwd", "ada", "--password-stdin", stdin="a second password\n")
    assert {one["name"] for one in json.loads(answer(home, "users", "list", "--json"))} == {"admin", "ada"}

    refused = sightline(home, "users", "add", "bob", "--password-stdin", stdin="short\n")
    assert refused.returncode == 1
    assert "password" in refused.stderr

    token = answer(home, "token", "--user", "ada").strip()
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as http:
        assert http.get("/api/me", headers={"Authorization": f"Bearer {token}"}).json()["name"] == "ada"
        passwords = {"a first password": 401, "a second password": 200}
        for password, status in passwords.items():
            assert http.post("/api/token", data={"username": "ada", "password": password}).status_code == status
        assert http.post("/api/token", data={"username": "admin", "password": ADMIN_PASSWORD}).is_success
    assert "no user 'eve'" in sightline(home, "token", "--user", "eve").stderr

    machine = answer(home, "engines", "token", "yard").strip()
    assert machine.startswith("slm_") and machine != answer(home, "engines", "token", "yard").strip()
    assert "yard" in answer(home, "engines", "revoke", "yard")
    assert "yard" in sightline(home, "engines", "revoke", "yard").stderr
    assert "starts itself" in sightline(home, "engines", "token", "local").stderr


def test_cameras_are_added_listed_and_removed(home: Path, tmp_path: Path) -> None:
    added = json.loads(
        answer(home, "cameras", "add", "door", "rtsp://guard:s3cret@10.0.0.9/1", "--latitude", "52.5",
               "--longitude", "13.4", "--fps", "2", "--disabled", "--json")
    )  # fmt: skip
    assert added["source"] == "rtsp://***@10.0.0.9/1"
    assert (added["latitude"], added["longitude"], added["analysis_fps"], added["enabled"]) == (52.5, 13.4, 2, False)

    listed = answer(home, "cameras", "list")
    assert "door" in listed
    assert "s3cret" not in listed

    missing = sightline(home, "cameras", "add", "clip", str(tmp_path / "missing.mp4"), "--test")
    assert missing.returncode == 1
    assert "not added" in missing.stderr
    assert "works: " in answer(home, "cameras", "test", "demo:")
    silent = sightline(home, "cameras", "test", "rtsp://guard:s3cret@127.0.0.1:9/1", "--json")
    assert (silent.returncode, json.loads(silent.stdout)["message"]) == (1, "nothing listens at 127.0.0.1:9")
    answer(home, "cameras", "add", "hall", "demo:", "--test", "--rotation", "90")
    changed = json.loads(answer(home, "cameras", "change", "hall", "--blur-faces", "unknown", "--fps", "3", "--json"))
    assert (changed["rotation"], changed["blur_faces"], changed["analysis_fps"]) == (90, "unknown", 3)
    assert "nothing to change" in sightline(home, "cameras", "change", "hall").stderr
    answer(home, "cameras", "add", "phone", "whip:")
    assert answer(home, "cameras", "token", "phone").startswith("slm_")
    assert "no device" in answer(home, "cameras", "token", "phone", "--revoke")
    answer(home, "cameras", "remove", "phone", "--yes")
    assert [one["name"] for one in json.loads(answer(home, "cameras", "list", "--json"))] == ["door", "hall"]

    assert "removed door" in answer(home, "cameras", "remove", "door", "--yes")
    assert "no camera 'door'" in sightline(home, "cameras", "remove", "door", "--yes").stderr


def test_doctor_says_how_to_mend_missing_models(tmp_path: Path) -> None:
    done = sightline(tmp_path / "new", "doctor", "--json")
    assert done.returncode == 1
    findings = {one["subject"]: one for one in json.loads(done.stdout)}
    assert findings["models"]["level"] == "fail"
    assert findings["models"]["mend"] == "sightline models pull"
    assert not (tmp_path / "new").exists()


def test_models_are_verified(home: Path, tmp_path: Path) -> None:
    states = json.loads(answer(home, "models", "verify", "--json"))
    assert {states[entry.name] for entry in MODELS} == {"present"}
    broken = tmp_path / "broken"
    shutil.copytree(home / "models", broken / "models")
    with (broken / "models" / "centerface.onnx").open("r+b") as file:
        file.write(b"\0")
    done = sightline(broken, "models", "verify", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["centerface"] == "damaged"
    assert "sightline models pull" in done.stderr


def test_an_error_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    picture = tmp_path / "grey.png"
    cv2.imwrite(str(picture), np.full((100, 100, 3), 127, np.uint8))
    command = [sys.executable, "-m", "sightline", "identify", str(picture)]  # as a shell starts it
    done = subprocess.run(command, env=environment(tmp_path / "new"), capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "sightline models pull" in done.stderr

    shown = sightline(tmp_path / "new", "--debug", "identify", str(picture))
    assert shown.returncode == 1
    assert "Traceback" in shown.stderr


def test_two_servers_never_share_a_home(server: ServerProcess) -> None:
    done = sightline(server.home, "serve", "--port", "0")
    assert done.returncode == 1
    assert "another sightline works on" in done.stderr


def test_a_model_of_ones_own_is_added_chosen_and_given_up(home: Path, tmp_path: Path) -> None:
    mine = tmp_path / "home-of-mine"
    shutil.copytree(home / "models", mine / "models")
    file = tmp_path / "yolo.onnx"
    file.write_bytes(answering({"out": np.zeros((1, 84, 8400), np.float32)}))
    words = ("models", "add", str(file), "--name", "my-yolo", "--task", "object-detector", "--licence", "AGPL-3.0")
    refused = sightline(mine, *words)
    assert refused.returncode == 1
    assert "--accept-licence" in refused.stderr
    assert "family yolo-v8" in answer(mine, *words, "--accept-licence")
    listed = {one["name"]: one for one in json.loads(answer(mine, "models", "list", "--json"))}
    assert (listed["my-yolo"]["status"], listed["my-yolo"]["tier"]) == ("present", "own")
    assert (listed["sface"]["status"], listed["sface"]["permissive"]) == ("missing", True)
    chosen = json.loads(answer(mine, "models", "use", "--objects", "my-yolo", "--embedding", "sface", "--json"))
    assert (chosen["chosen"]["object_model"], chosen["overruled"]) == ("my-yolo", ["embedding_model", "object_model"])
    back = json.loads(answer(mine, "models", "use", "--embedding", "default", "--json"))
    assert back["overruled"] == ["object_model"]
    assert back["chosen"]["embedding_model"] == "dlib-face-resnet29"
    assert "recognises" in answer(mine, "models", "status")
    file.write_bytes(b"weights")
    refused = sightline(mine, "models", "add", str(file), "--name", "other", "--task", "liveness", "--licence", "MIT")
    assert "not an ONNX file" in refused.stderr
    assert "other" not in {one["name"] for one in json.loads(answer(mine, "models", "list", "--json"))}

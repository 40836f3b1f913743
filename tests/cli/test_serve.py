"""`tandem serve`: where it listens, and what it says when it cannot."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tandem.cli import main
from tandem.models.build import PictureDims, build_model, save_description, save_weights
from tandem.serving import server
from tandem.tasks import NER, RE


@pytest.fixture
def saved(tmp_path, make_params) -> Any:
    """`saved(task)`: the folder of a checkpoint that was never trained."""

    def make(task: Any = NER) -> Path:
        params = make_params(fusion="text_only")
        labels = ["O", "B-LOC", "I-LOC"] if task is NER else ["None", "/per/per/peer"]
        model, tokenizer = build_model(params, task, labels, PictureDims(1, 1))
        folder = tmp_path / "models" / task.name / "1"
        save_description(folder, model, tokenizer, params, task, PictureDims(1, 1), {"valid": {"span_f1": 0.5}})
        save_weights(model, folder / "model.safetensors")
        return folder

    return make


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, once it says that it listens, and the address that it says."""
    command = [sys.executable, "-m", "tandem", "serve", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Tandem is at http://"), process.stderr and process.stderr.read()
        yield process, line.split()[3]
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_serve_answers_until_it_is_interrupted(saved) -> None:
    models = [str(saved().parent), "--relations", str(saved(RE))]
    with serving(*models, "--port", "0", "--max-characters", "9", "--device", "cpu", "--threads", "1") as one:
        process, address = one
        assert address.startswith("http://127.0.0.1:")
        assert httpx2.get(address).status_code == 200
        answer = httpx2.post(f"{address}api/predict", json={"text": "saw Paris"}, timeout=60)
        assert answer.json()["prediction"]["text"] == "saw Paris"
        assert httpx2.post(f"{address}api/predict", json={"text": "saw Paris!"}).status_code == 413
        assert httpx2.get(address, headers={"Host": "evil.example"}).status_code == 403
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert said.splitlines()[0] == f"model: {models[0]}/1, relations: {models[2]}"


def test_serve_warns_where_others_can_reach_it(saved) -> None:
    with serving(str(saved()), "--port", "0", "--host", "0.0.0.0", "--device", "cpu") as (process, address):
        assert address.startswith("http://127.0.0.1:")
        assert httpx2.get(address, headers={"Host": "lab.example"}).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert said.startswith("warning: --host 0.0.0.0: whoever reaches this machine can use the page")


def error_of(capsys: Any, *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(["serve", *arguments])
    assert end.value.code == 1
    said: str = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("error: ")
    return said


def test_serve_says_in_a_line_why_it_cannot(saved, capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with server.listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        assert f"--port {port}: taken already" in error_of(capsys, str(saved()), "--port", port)
    free = ["--port", "0"]
    assert "--host nowhere.invalid: no address" in error_of(capsys, str(saved()), *free, "--host", "nowhere.invalid")
    assert "--host 192.0.2.1: " in error_of(capsys, str(saved()), *free, "--host", "192.0.2.1")
    assert "a relation model; name one that finds entities" in error_of(capsys, str(saved(RE)), *free)
    assert "no model named" in error_of(capsys, *free)
    assert "nowhere" in error_of(capsys, "nowhere", *free)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert error_of(capsys, *free) == (
        "error: tandem serve needs the package uvicorn, which is not installed; run `pip install -e '.[serve]'`\n"
    )


def test_serve_help_starts_without_what_takes_long_to_import() -> None:
    code = (
        "import sys\nfrom tandem.cli import main\n"
        "try:\n    main(['serve', '--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert not {'torch', 'numpy', 'transformers', 'starlette', 'uvicorn'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert "127.0.0.1" in done.stdout


@pytest.mark.parametrize(
    ("host", "loopback", "address"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:{}/"),
        ("localhost", True, None),
        ("127.0.0.7", True, "http://127.0.0.7:{}/"),
        ("0.0.0.0", False, "http://127.0.0.1:{}/"),
        ("::1", True, "http://[::1]:{}/"),
        ("::", False, "http://[::1]:{}/"),
    ],
)
def test_serve_knows_who_can_reach_it(host: str, loopback: bool, address: str | None) -> None:
    if ":" in host and not _has_ipv6():
        pytest.skip("no IPv6 on this machine")
    with server.listen(host, 0) as listening:
        assert server.is_loopback(listening) == loopback
        if address is not None:
            assert server.address_of(listening) == address.format(listening.getsockname()[1])


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True

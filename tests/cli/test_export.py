"""`tandem export` as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.cli import main
from tandem.exporting import export as module
from tandem.exporting.export import Exported


def test_export_says_what_it_wrote(monkeypatch, capsys) -> None:
    asked = []

    def export(*arguments: object, **options: object) -> Exported:
        asked.append((arguments, options))
        return Exported(9, 3_400_000, 2.3e-7 if options["onnx"] else None, ("no scores",))

    monkeypatch.setattr(module, "export", export)
    main(["export", "models/x", "out/x"])
    said = capsys.readouterr()
    assert said.out == 'out/x: 9 files, 3.4 MB\nLoad it: import tandem; tandem.load("out/x")\n'
    assert said.err == "note: no scores\n"
    main(["export", "models/x", "out/x", "--onnx", "--overwrite"])
    assert ", ONNX scores within 2e-07 of torch's\n" in capsys.readouterr().out
    paths = (Path("models/x"), Path("out/x"))
    assert asked == [(paths, {"onnx": onnx, "overwrite": onnx}) for onnx in (False, True)]


def test_export_errors_are_one_line(capsys, tmp_path) -> None:
    with pytest.raises(SystemExit) as end:
        main(["export", str(tmp_path / "nowhere"), str(tmp_path / "out")])
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "nowhere/tandem.json: not found" in said
    assert said.count("\n") == 1

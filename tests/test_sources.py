"""The files that a system is said to use, in a made-up package and in this one."""

from __future__ import annotations

from pathlib import Path

from tandem.sources import LEFT_OUT, code_hashes, imports, reached

HOME = Path(__file__).resolve().parents[1]
FILES = {
    "stages/train.py": "from tandem.loop import train\n",
    "src/tandem/__init__.py": "",
    "src/tandem/loop.py": "from tandem.fusion import build\n\ndef lazily():\n    from tandem import later\n",
    "src/tandem/later.py": "",
    "src/tandem/fusion/__init__.py": 'STRATEGIES = {"one": "tandem.fusion.one:One", "two": "tandem.fusion.two:Two"}\n',
    "src/tandem/fusion/one.py": "from tandem.fusion.base import Fusion\n",
    "src/tandem/fusion/two.py": "from tandem.fusion.one import One\n",
    "src/tandem/fusion/base.py": "import os\n",
}


def made_up(root: Path) -> Path:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def used(root: Path, strategy: str) -> dict[str, str]:
    return code_hashes([root / "stages/train.py"], [f"tandem.fusion.{strategy}"], root)


def test_code_names_a_strategy_and_what_it_builds_on_and_no_other(tmp_path) -> None:
    root = made_up(tmp_path)
    shared = {"stages/train.py", "src/tandem/loop.py", "src/tandem/later.py", "src/tandem/fusion/base.py"}
    shared.add("src/tandem/__init__.py")
    assert set(used(root, "one")) == shared | {"src/tandem/fusion/one.py"}
    assert set(used(root, "two")) == shared | {"src/tandem/fusion/one.py", "src/tandem/fusion/two.py"}


def test_code_changes_with_the_files_that_are_used_alone(tmp_path) -> None:
    root = made_up(tmp_path)
    before = used(root, "one")
    (root / "src/tandem/fusion/two.py").write_text("changed = 1\n")
    (root / "src/tandem/fusion/__init__.py").write_text('STRATEGIES = {"three": "tandem.fusion.three:Three"}\n')
    assert used(root, "one") == before
    (root / "src/tandem/fusion/base.py").write_text("changed = 1\n")
    imports.cache_clear()
    assert used(root, "one") != before


def test_code_of_the_training_reaches_the_loop_and_leaves_registries_out() -> None:
    files = {path.relative_to(HOME).as_posix() for path in reached([HOME / "stages/train.py"], HOME / "src")}
    assert {"src/tandem/training/loop.py", "src/tandem/models/tagger.py", "src/tandem/text/pretrained.py"} <= files
    assert not [path for path in files if any(part in path for part in LEFT_OUT)]
    assert "src/tandem/fusion/film.py" not in files

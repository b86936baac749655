"""The leap into `.venv`, on Pythons that lack the packages, and the limit on open files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common import runtime

ROOT = Path(__file__).parents[1]


def house(directory: Path) -> Path:
    """A repository that holds nothing but the door and `common.runtime`."""
    (directory / "common").mkdir(parents=True)
    shutil.copy(ROOT / "common" / "runtime.py", directory / "common")
    shutil.copy(ROOT / "common" / "__init__.py", directory / "common")
    door = directory / "door.py"
    door.write_text(
        "import sys\nfrom common.runtime import need_packages\n"
        "need_packages(['no_such_package_here'])\n"
    )
    return door


def run(door: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CAUSETTE_")}
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", _BOOT, str(door), *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        cwd=door.parent,
        timeout=60,
    )


# -I -S: no site-packages and no working directory, as a bare Python; the door's own is put back.
_BOOT = (
    "import sys, runpy; sys.argv = sys.argv[1:]; sys.path.insert(0, '.');"
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


def test_packages_that_are_there_change_nothing() -> None:
    runtime.need_packages(["json", "zmq"])


def test_without_an_environment_one_line_says_what_to_type(tmp_path: Path) -> None:
    done = run(house(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "no_such_package_here" in done.stderr
    assert "python3 dev.py setup" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="the fake Python is a shell script")
def test_the_environment_takes_over_with_the_same_arguments(tmp_path: Path) -> None:
    door = house(tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nfor word; do last="$word"; done\necho "venv $last"\nexit 7\n')
    python.chmod(0o755)
    done = run(door, "-x", "two words")
    assert (done.returncode, done.stdout, done.stderr) == (7, "venv two words\n", "")


@pytest.mark.skipif(os.name != "posix", reason="the fake Python is a link")
def test_an_environment_that_lacks_them_too_is_no_loop(tmp_path: Path) -> None:
    door = house(tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    done = run(door)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_nothing_outside_the_standard_library_is_imported() -> None:
    program = "import common.runtime, sys; print([m for m in sys.modules if 'zmq' in m])"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_descriptor_limit_goes_up_to_the_hard_one() -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), hard))
        limit = runtime.raise_descriptor_limit()
        assert limit == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert limit >= min(256, soft)
        assert hard != resource.RLIM_INFINITY or limit > 256
        assert runtime.raise_descriptor_limit() == limit
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

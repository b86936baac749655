"""The doctors on a machine that lacks something: rights, room, descriptors. Needs root in part."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common import keys
from tests.conftest import BrokerFactory
from tests.support import parts
from tests.support.programs import BrokerProgram, Finished, run_program
from tests.system.doctor.examining import Examined, broker, client, local

MakeDisk = Callable[[int], Path]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[MakeDisk]:
    """`small_disk(kilobytes)`: a file system of that size."""
    with ExitStack() as mounted:

        def make(kilobytes: int) -> Path:
            folder = tmp_path / "small"
            folder.mkdir()
            options = f"size={kilobytes}k,mode=700"
            words = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
            try:
                subprocess.run(words, check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError):
                parts.lacking("the right to mount a tmpfs", "sudo python3 dev.py test")
            mounted.callback(subprocess.run, ["umount", "-l", str(folder)], check=True)
            return folder

        yield make


def fill(folder: Path) -> None:
    """Until nothing more fits."""
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4_096))
        except OSError:
            return


def limited(files: int) -> Callable[..., Finished]:
    """Run a program that may have so many files open, and no more."""

    def run(*words: str | Path, **options: object) -> Finished:
        shell = f'ulimit -n {files}; exec "$0" "$@"'
        return run_program(["bash", "-c", shell, sys.executable, *words], **options)  # type: ignore[arg-type]

    return run


def ask(data_dir: Path, *words: str | Path) -> Examined:
    return client(local, data_dir, *words)


# --- the client's --------------------------------------------------------------------------------


def test_a_client_s_disk_is_full(small_disk: MakeDisk, broker_factory: BrokerFactory) -> None:
    served = broker_factory()
    folder = small_disk(256)
    (folder / "client").mkdir(mode=0o700)
    low = ask(folder, served.link)
    assert low.code == 0
    assert "disk-low" in low.ids
    fill(folder)
    full = ask(folder, served.link)
    assert (full.code, full.cause) == (1, "disk-full")
    assert "The disk is full" in full.verdict
    assert str(folder) in full.verdict


def test_a_client_has_too_few_descriptors(broker_factory: BrokerFactory, tmp_path: Path) -> None:
    served = broker_factory()
    few = client(limited(24), tmp_path / "me", served.link)
    assert (few.code, few.cause) == (1, "descriptors-few")
    assert few.values("files")["limit"] == 24
    assert "ulimit -n" in few.verdict
    assert client(limited(64), tmp_path / "me", served.link).code == 0, "these are enough"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_client_s_files_have_wrong_rights(broker_factory: BrokerFactory, tmp_path: Path) -> None:
    served = broker_factory()
    me = tmp_path / "me"
    assert ask(me, served.link).code == 0
    key = keys.client_key_file(me, "ada")
    key.chmod(0o644)
    loose = ask(me, served.link)
    assert (loose.code, loose.cause) == (78, "key-file/loose")
    assert f"chmod 600 {key}" in loose.verdict
    assert "0644" in loose.verdict
    key.chmod(0o600)
    (me / "client" / "keys").chmod(0o755)
    opened = ask(me, served.link)
    assert (opened.code, opened.cause) == (0, "data-loose")
    assert any("chmod 700" in line for line in opened.lines)
    key.write_text("nothing")
    damaged = ask(me, served.link)
    assert (damaged.code, damaged.cause) == (78, "key-file")
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / "client").write_text("")
    no = ask(tmp_path / "file", served.link)
    assert (no.code, no.cause) == (77, "data-dir")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_another_account_may_not_use_the_directory(tmp_path: Path) -> None:
    """Root may everything, so it is another account that asks."""
    if os.geteuid() != 0:
        parts.lacking("root", "sudo python3 dev.py test")
    probe = run_as_nobody("client_cli.py", "--version")
    if probe.code != 0:
        pytest.skip("another account cannot read this tree, or its Python")
    me = tmp_path / "me"
    (me / "client").mkdir(parents=True, mode=0o700)
    me.chmod(0o711)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    no = client(run_as_nobody, me)
    assert (no.code, no.cause) == (77, "data-dir")
    assert "--data-dir" in no.verdict
    server = broker(run_as_nobody, me)
    assert (server.code, server.cause) == (77, "data-dir")


def run_as_nobody(*words: str | Path, **options: object) -> Finished:
    shell = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return run_program([*shell, sys.executable, *words], **options)  # type: ignore[arg-type]


# --- the server's --------------------------------------------------------------------------------


def test_a_server_s_disk_is_full(small_disk: MakeDisk, broker_factory: BrokerFactory) -> None:
    folder = small_disk(1_024)
    served = broker_factory(data_dir=folder)
    fill(folder)
    full = broker(local, folder)
    assert (full.code, full.cause) == (1, "disk-full")
    assert "no message is stored" in full.verdict
    assert full.found("running")["level"] == "ok", "it runs"
    assert served.process.poll() is None


def test_a_server_has_too_few_descriptors(broker_factory: BrokerFactory) -> None:
    served = broker_factory()
    subprocess.run(["prlimit", f"--pid={served.pid}", "--nofile=150:150"], check=True)
    warned = broker(local, served.data_dir).found("files")
    assert (warned["id"], warned["level"]) == ("descriptors-few", "warning")
    subprocess.run(["prlimit", f"--pid={served.pid}", "--nofile=40:40"], check=True)
    few = broker(local, served.data_dir)
    found = few.found("files")
    assert (found["id"], found["level"]) == ("descriptors-few", "wrong")
    assert found["values"]["limit"] == 40
    assert "LimitNOFILE" in "\n".join(few.lines)


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_server_s_files_have_wrong_rights(broker_factory: BrokerFactory) -> None:
    served: BrokerProgram = broker_factory()
    directory = served.data_dir / "broker"
    served.stop()
    directory.chmod(0o755)
    assert "data-loose" in broker(local, served.data_dir).ids
    directory.chmod(0o700)
    (directory / "broker.key").chmod(0o640)
    loose = broker(local, served.data_dir)
    assert (loose.code, loose.cause) == (78, "key-file/loose")
    assert "chmod 600" in loose.verdict
    (directory / "broker.key").chmod(0o600)
    if os.geteuid() == 0:
        os.chown(directory / "causette.db", 65_534, 65_534)
        mixed = broker(local, served.data_dir)
        assert (mixed.code, mixed.cause) == (77, "data-mixed")
        assert "chown root" in mixed.verdict

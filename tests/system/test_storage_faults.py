"""Disks that are full, failing or damaged; a second broker; a clock that is wrong.

Rows 23, 24, 25, 27, 28 and 29 of the test list. A full disk is SQLite's own page limit everywhere,
and a small tmpfs where one may be mounted; a failing one is a limit on the size of files, and an
fsync that says EIO.
"""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from common.client import events as ev
from tests.conftest import BrokerFactory
from tests.support import require, scaled, wait_until
from tests.support.files import database, overwrite, stored
from tests.support.members import assert_one_history, pages, target_of
from tests.support.programs import BrokerProgram, Program, run_program, same_place
from tests.system.conftest import FAST, Join, Restart

NO_SYNC = Path(__file__).parents[1] / "support" / "no_sync.c"
DAY = 86_400_000


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`tmpfs(size)`: a file system of so many kilobytes."""
    with ExitStack() as mounted:

        def mount(kilobytes: int) -> Path:
            folder = tmp_path / "small"
            folder.mkdir()
            words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(folder)]
            try:
                subprocess.run(words, check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError):
                pytest.skip("no tmpfs may be mounted here; run as root (the row has other tests)")
            mounted.callback(subprocess.run, ["umount", "-l", str(folder)], check=True)
            return folder

        yield mount


def _one_line(program: Program, status: int) -> str:
    """How a broker ends that cannot go on: by itself, in one line, without a traceback."""
    assert program.wait(15) == status, program.describe()
    said = [line for line in program.lines("stderr") if line.startswith("broker.py: ")]
    assert len(said) == 1, program.describe()
    assert "Traceback" not in program.describe()
    return said[0]


def _refuses_to_start(broker: BrokerProgram) -> str:
    words = [sys.executable, "broker.py", *same_place(broker), "--data-dir", str(broker.data_dir)]
    with Program(words) as second:
        line = _one_line(second, 1)
        assert second.lines() == [], "it said that it is ready"
        return line


def test_row_23_a_second_broker_on_the_same_data(broker: BrokerProgram, join: Join) -> None:
    """It says so in one line and ends; the first goes on (C). Guards: the directory's lock."""
    words = [sys.executable, "broker.py", "--data-dir", str(broker.data_dir)]
    with Program([*words, "--pull", "tcp://127.0.0.1:*"]) as second:
        assert str(broker.data_dir) in _one_line(second, 1)
    assert (broker.data_dir / "broker" / "ready.json").exists()
    join(broker, "ada").say_all("still served")


# --- full -----------------------------------------------------------------------------------------


def _full_and_room_again(
    broker: BrokerProgram, join: Join, fill: Callable[[], None], free: Callable[[], None]
) -> None:
    ada, bob = join(broker, "ada"), join(broker, "bob")
    ada.say_all("before", "x" * 3_000)
    fill()
    heavy = [f"{number} ".ljust(15_000, "y") for number in range(200)]
    futures = ada.say(*heavy)
    ada.wait_event(ev.Paused)
    wait_until(
        lambda: any("the disk is full" in line for line in broker.lines("stderr")), "it is logged"
    )
    bob.say(waiting := "kept waiting".ljust(15_000))  # less might fit in where there is a page
    bob.wait_event(ev.Paused)

    # Nothing is acknowledged or shown that is not there; reading goes on, on a new link too.
    late = join(broker, "bob", pair=bob.pair, since={"general": 0}, visible=False)
    told = pages(late.client.history)
    assert [r.text for r in told[:2]] == ["before", "x" * 3_000]
    on_disk = [record.id for record in stored(broker.data_dir)]
    assert {f.result().id for f in ada.said if f.done()} <= set(on_disk)
    assert {r.id for member in (ada, bob, late) for r in member.records()} <= set(on_disk)
    assert not all(future.done() for future in futures)
    assert waiting not in [record.text for record in told]

    free()
    for future in (*ada.said, *bob.said):
        future.result(scaled(30))
    everything = ["before", *heavy, waiting]
    for member in (ada, bob, late):
        member.wait_texts(everything)
    records = assert_one_history((ada, bob, late), everything)
    assert [r.text for r in records if r.text in set(heavy)] == heavy
    assert broker.stop() == 0
    assert [record.id for record in stored(broker.data_dir)] == [r.id for r in records]


def test_row_24_the_disk_is_full(broker_factory: BrokerFactory, join: Join, tmp_path: Path) -> None:
    """Nothing acknowledged, reading works, and it goes on where there is room again (G).

    Guards: `Core.rolled_back`; what apply staged is dropped."""
    flag = tmp_path / "full"
    retry = "common.broker.turn.FULL_DISK_RETRY=0.5"
    broker = broker_factory(*FAST, alter=[f"full={flag}", retry])
    _full_and_room_again(broker, join, flag.touch, flag.unlink)


def test_row_24_the_disk_is_full_for_real(
    broker_factory: BrokerFactory, join: Join, tmpfs: Callable[[int], Path]
) -> None:
    folder = tmpfs(8_192)
    ballast = folder / "ballast"
    retry = "common.broker.turn.FULL_DISK_RETRY=0.5"
    broker = broker_factory(*FAST, data_dir=folder / "data", alter=[retry])

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4_096))

    _full_and_room_again(broker, join, fill, ballast.unlink)


# --- failing --------------------------------------------------------------------------------------


def _commit_fails(broker: BrokerProgram, join: Join, restart: Restart, spoil: Callable[[], None],
                  repair: Callable[[], None]) -> None:  # fmt: skip
    ada = join(broker, "ada")
    bob = join(broker, "bob")
    ada.say_all("before")
    spoil()
    (future,) = ada.say("into the void")
    line = _one_line(broker, 1)
    assert "database" in line
    assert not future.done()
    assert "into the void" not in [*ada.texts(), *bob.texts()]
    repair()
    restart(broker)
    assert future.result(scaled(20)).seq == 2
    for member in (ada, bob):
        member.wait_texts(["before", "into the void"])
    assert len(assert_one_history((ada, bob))) == 2


def test_row_25_a_write_of_the_log_fails(
    broker: BrokerProgram, join: Join, restart: Restart
) -> None:
    """Whether it is stored nobody knows: exit 1, one line, nothing acknowledged (A); the next start
    knows, and the message is there once. Guards: `StorageFailed` ends the broker."""
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:
        pytest.skip("this system cannot limit another process")
    _commit_fails(
        broker,
        join,
        restart,
        lambda: prlimit(broker.pid, resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY)),
        lambda: None,
    )


def test_row_25_an_fsync_fails(
    broker_factory: BrokerFactory, join: Join, restart: Restart, tmp_path: Path
) -> None:
    """The same where the write came through and only its fsync says EIO."""
    cc = require("cc", "apt-get install gcc libc6-dev")
    shim, flag = tmp_path / "no_sync.so", tmp_path / "no-sync"
    done = run_program([cc, "-shared", "-fPIC", "-o", shim, NO_SYNC])
    assert done.code == 0, done.stderr
    env = {"LD_PRELOAD": str(shim), "CAUSETTE_TEST_NO_SYNC": str(flag)}
    broker = broker_factory(*FAST, env=env)
    _commit_fails(broker, join, restart, flag.touch, flag.unlink)


# --- damaged --------------------------------------------------------------------------------------


def test_row_28_a_truncated_wal(broker_factory: BrokerFactory, join: Join) -> None:
    """SQLite drops a WAL's damaged tail without a word; the broker does not (never silent).

    Guards: the mark beside the database."""
    broker = broker_factory(*FAST)
    ada = join(broker, "ada")
    for number in range(30):
        ada.say_all(f"{number}")
    broker.kill()
    wal = database(broker.data_dir).with_name("causette.db-wal")
    with wal.open("r+b") as file:
        file.truncate(wal.stat().st_size // 2)
    assert 0 < len(stored(broker.data_dir)) < 30
    line = _refuses_to_start(broker)
    assert "missing" in line
    assert "causette.db" in line


def test_row_28_a_flipped_bit_in_the_wal(broker_factory: BrokerFactory, join: Join) -> None:
    broker = broker_factory(*FAST)
    ada = join(broker, "ada")
    for number in range(30):
        ada.say_all(f"number {number:02d} of it")
    broker.kill()
    wal = database(broker.data_dir).with_name("causette.db-wal")
    assert overwrite(wal, b"number 15 of it", b"number 51 of it")
    assert "missing" in _refuses_to_start(broker)


def test_row_28_a_damaged_page_is_never_shown(
    broker_factory: BrokerFactory, restart: Restart, join: Join
) -> None:
    """In the middle of the history: it serves what is sound, says what is not, shows nothing false.

    Guards: a checksum for each row of the log."""
    first = broker_factory(*FAST)
    ada = join(first, "ada")
    for number in range(300):
        ada.say_all(f"number {number:03d} of it".ljust(200))
    assert first.stop() == 0
    assert overwrite(database(first.data_dir), b"number 150 of it", b"number 051 of it")
    second = restart(first)
    bob = join(second, "bob")
    page = bob.client.history("general", after=250).result(scaled(10))
    assert [r.seq for r in page.records] == list(range(251, 301))
    with pytest.raises(ev.Refused) as refused:
        bob.client.history("general", after=140, limit=20).result(scaled(10))
    assert refused.value.code == "storage-damaged"
    wait_until(
        lambda: any("damaged" in line for line in second.lines("stderr")), "the operator is told"
    )
    bob.say_all("still served")


@pytest.mark.parametrize("place", ["header", "newest"])
def test_row_28_a_file_that_cannot_be_served(
    place: str, broker_factory: BrokerFactory, join: Join
) -> None:
    broker = broker_factory(*FAST)
    ada = join(broker, "ada")
    for number in range(300):
        ada.say_all(f"number {number:03d} of it".ljust(200))
    assert broker.stop() == 0
    file = database(broker.data_dir)
    if place == "header":
        content = bytearray(file.read_bytes())
        content[100:4_000] = bytes(3_900)
        file.write_bytes(content)
    else:
        assert overwrite(file, b"number 299 of it", b"number 992 of it")
    assert "damaged" in _refuses_to_start(broker)


# --- the clock ------------------------------------------------------------------------------------


def test_row_27_a_clock_that_is_off_by_a_day(
    broker_factory: BrokerFactory, restart: Restart, join: Join, tmp_path: Path
) -> None:
    """Forwards, backwards and over a restart: numbers and order hold, time never runs back (C).

    Guards: `Ledger.apply_say` lets time stand still in a room."""
    clock = tmp_path / "clock"
    first = broker_factory(*FAST, alter=[f"clock={clock}"])
    members = [join(first, nick) for nick in ("ada", "bob")]
    ada, bob = members
    ada.say_all("right")
    clock.write_text(str(DAY), "ascii")
    bob.say_all("a day ahead")
    clock.write_text(str(-DAY), "ascii")
    ada.say_all("a day behind")
    first.kill()
    second = restart(first, alter=[f"clock={clock}"])
    for member in members:
        member.wait_event(ev.LinkUp)
    bob.say_all("behind, after a restart")
    clock.unlink()
    ada.say_all("right again")
    said = ["right", "a day ahead", "a day behind", "behind, after a restart", "right again"]
    for member in members:
        member.wait_texts(said)
    records = assert_one_history(members, said)
    assert [record.text for record in records] == said
    assert [record.seq for record in records] == [1, 2, 3, 4, 5]
    times = [record.ts for record in records]
    assert times == sorted(times)
    assert times[1] - times[0] >= DAY - 60_000
    late = join(second, "late", since={"general": 0})
    late.wait_texts(said)
    assert late.records() == records


# --- the client's disk ----------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["limit", "tmpfs"])
def test_row_29_the_client_s_disk_is_full(
    how: str, broker: BrokerProgram, join: Join, tmp_path: Path, tmpfs: Callable[[int], Path]
) -> None:
    """It is told: the message is refused, not sent all the same, and not sent later.

    Guards: a message is put on disk before it is sent, and the next takes its number."""
    prlimit = getattr(resource, "prlimit", None)
    if how == "limit" and prlimit is None:
        pytest.skip("this system cannot limit another process")
    witness = join(broker, "witness")
    folder = tmpfs(1_024) if how == "tmpfs" else tmp_path
    words = [sys.executable, "-m", "tests.support.talker", broker.link, "ada", str(folder / "ada")]
    ballast = folder / "ballast"
    with Program(words) as ada:
        ada.wait_json(15, type="ready")
        ada.send_line({"say": "before"})
        ada.wait_json(text="before", state="stored")
        if how == "tmpfs":
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4_096))
        else:
            assert prlimit is not None
            prlimit(ada.pid, resource.RLIMIT_FSIZE, (4_096, resource.RLIM_INFINITY))
        refused = "refused ".ljust(9_000, "x")
        ada.send_line({"say": refused})
        assert ada.wait_json(text=refused, state="refused")["code"] == "disk-full"
        ada.wait_json(type="disk-full")
        ada.send_line({"say": refused + "again"})
        ada.wait_json(text=refused + "again", state="refused")
        if how == "tmpfs":
            ballast.unlink()
        else:
            assert prlimit is not None
            endless = resource.RLIM_INFINITY
            prlimit(ada.pid, resource.RLIMIT_FSIZE, (endless, endless))
        ada.send_line({"say": "after"})
        ada.wait_json(text="after", state="stored")
        witness.wait_texts(["before", "after"])
        assert [r.text for r in pages(witness.client.history)] == ["before", "after"]
        ada.close_stdin()
        assert ada.wait() == 0
    with Program(words) as again:
        again.wait_json(15, type="ready")
        again.send_line({"say": "later"})
        again.wait_json(text="later", state="stored")
        again.stop(signal.SIGKILL)
    witness.wait_texts(["later"])
    assert [r.text for r in pages(witness.client.history)] == ["before", "after", "later"]
    assert target_of(broker).key == broker.key

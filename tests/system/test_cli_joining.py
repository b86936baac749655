"""Finding, trusting and failing to reach a broker; configuration; exit statuses."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.starting import run
from tests.conftest import BrokerFactory
from tests.support.ports import ports_in_a_row
from tests.support.programs import ROOT, BrokerProgram, Finished, Program, run_cli, run_program


def card_port_of(broker: BrokerProgram) -> int:
    return int(broker.card.rpartition(":")[2])


@pytest.fixture
def typed(broker_factory: BrokerFactory, tmp_path: Path) -> Iterator[BrokerProgram]:
    """A broker whose three ports stand side by side, so that an address is enough."""
    with ports_in_a_row() as port:
        yield broker_factory(
            "--pull", f"tcp://127.0.0.1:{port}", data_dir=tmp_path / "served", wildcard=False
        )


def place(broker: BrokerProgram) -> str:
    return broker.pull.removeprefix("tcp://")


def visit(tmp_path: Path, *words: str | Path, env: dict[str, str] | None = None) -> Finished:
    """A client that shares no directory with the broker."""
    return run_cli("--data-dir", tmp_path / "visitor", "-n", "eve", *words, env=env)


def test_a_link_needs_no_trust_and_is_pinned(typed: BrokerProgram, tmp_path: Path) -> None:
    assert visit(tmp_path, "send", "-s", typed.link, "hello").code == 0
    assert visit(tmp_path, "send", "-s", place(typed), "hello").code == 0


def test_by_hand(broker: BrokerProgram, tmp_path: Path) -> None:
    assert broker.key
    words = ("--push", broker.pull, "--sub", broker.pub, "--server-key", broker.key)
    assert visit(tmp_path, "send", *words, "hello").code == 0
    assert visit(tmp_path, "send", "--push", broker.pull, "hello").code == 2
    assert visit(tmp_path, "send", "-s", "localhost", *words, "hello").code == 2


def test_an_unknown_key_without_a_person_is_77(typed: BrokerProgram, tmp_path: Path) -> None:
    done = visit(tmp_path, "send", "-s", place(typed), "hello")
    assert done.code == 77
    assert "--trust-first" in done.stderr
    assert done.stderr.count("\n") == 1
    assert visit(tmp_path, "send", "-s", place(typed), "--trust-first", "hello").code == 0
    assert visit(tmp_path, "send", "-s", place(typed), "hello").code == 0


def test_trust_first_from_the_environment(typed: BrokerProgram, tmp_path: Path) -> None:
    env = {"CAUSETTE_TRUST_FIRST": "1", "CAUSETTE_SERVER": place(typed)}
    assert visit(tmp_path, "send", "hello", env=env).code == 0


def test_a_changed_key_is_refused_loudly(
    typed: BrokerProgram, broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    assert visit(tmp_path, "send", "-s", place(typed), "--trust-first", "hello").code == 0
    typed.stop()
    broker_factory("--pull", typed.pull, data_dir=tmp_path / "impostor", wildcard=False)
    for words in ((), ("--trust-first",)):
        done = visit(tmp_path, "send", "-s", place(typed), *words, "secret")
        assert done.code == 77
        assert "changed" in done.stderr
        assert done.stdout == ""


def test_a_wrong_key_in_a_link(typed: BrokerProgram, tmp_path: Path) -> None:
    link = f"causette://{'ab' * 32}@{place(typed)}"
    done = visit(tmp_path, "send", "-s", link, "--timeout", "3", "hello")
    assert done.code in (69, 77)
    assert "key" in done.stderr


def test_a_refused_port_is_69_and_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        done = visit(tmp_path, "send", "-s", f"127.0.0.1:{port}", "--timeout", "0.5", "hello")
        assert done.code == 69
        assert str(port) in done.stderr
        assert "nothing listens" in done.stderr


def test_a_name_that_is_none_is_69_and_named(tmp_path: Path) -> None:
    done = visit(tmp_path, "send", "-s", "no-such-host.invalid", "--timeout", "0.5", "hello")
    assert done.code == 69
    assert "no-such-host.invalid" in done.stderr


def test_something_else_on_the_port_is_69(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        if port > 65_533:
            pytest.fail("an unlucky port")
        done = visit(tmp_path, "send", "-s", f"127.0.0.1:{port}", "--timeout", "1", "hello")
        assert done.code == 69


def test_no_server_on_this_machine_is_69(tmp_path: Path) -> None:
    done = visit(tmp_path, "send", "--timeout", "0.3", "hello")
    assert done.code == 69
    assert "--server" in done.stderr


def test_a_client_that_is_first_waits_for_its_server(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    words = ["--data-dir", str(tmp_path / "data"), "-n", "ada", "send", "hello"]
    with Program([sys.executable, ROOT / "client_cli.py", *words]) as early:
        broker_factory()
        assert early.wait(20) == 0


@pytest.mark.parametrize("server", ["host:0", "host:99999", "http://x/y", "causette://beef@host"])
def test_an_address_that_is_none(tmp_path: Path, server: str) -> None:
    done = visit(tmp_path, "send", "-s", server, "hello")
    assert done.code == 2
    assert done.stderr.startswith(f"client_cli.py: --server {server}: ")
    env = {"CAUSETTE_SERVER": server}
    assert visit(tmp_path, "send", "hello", env=env).code == 78


def test_precedence(broker: BrokerProgram, tmp_path: Path) -> None:
    config = tmp_path / "my.toml"
    config.write_text('nick = "filed"\nroom = ["one"]\n')
    base = ("--data-dir", broker.data_dir, "-c", config, "send")
    assert run_cli(*base, "1").code == 0
    assert run_cli(*base, "2", env={"CAUSETTE_NICK": "environed"}).code == 0
    assert run_cli(*base, "3", "-n", "flagged", env={"CAUSETTE_NICK": "environed"}).code == 0
    said = run(broker, "history", "-r", "one", "--json").events()
    assert [event["nick"] for event in said] == ["filed", "environed", "flagged"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nick = [", "TOML"),
        ("nick = 3\n", "nick = 3"),
        ('nik = "ada"\n', "did you mean nick"),
        ("[cli]\ntimeout = 'soon'\n", "timeout"),
    ],
)
def test_a_bad_configuration_is_78(tmp_path: Path, text: str, named: str) -> None:
    config = tmp_path / "my.toml"
    config.write_text(text)
    done = visit(tmp_path, "send", "-c", config, "hello")
    assert done.code == 78
    assert str(config) in done.stderr
    assert named in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_configuration_of_the_platform_is_read(tmp_path: Path) -> None:
    home = tmp_path / "config"
    (home / "causette").mkdir(parents=True)
    (home / "causette" / "config.toml").write_text("nick = 3\n")
    done = visit(tmp_path, "send", "hello", env={"XDG_CONFIG_HOME": str(home)})
    assert done.code == 78


def test_a_key_that_others_may_read_is_refused(broker: BrokerProgram, tmp_path: Path) -> None:
    assert run(broker, "send", "hello").code == 0
    key = broker.data_dir / "client" / "keys" / "ada.key"
    key.chmod(0o644)
    done = run(broker, "send", "hello")
    assert done.code == 78
    assert "chmod 600" in done.stderr


def test_a_directory_that_may_not_be_written_is_77(broker: BrokerProgram, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    words = ("-s", broker.link, "--data-dir", blocked, "-n", "ada", "send", "x")
    done = run_cli(*words)
    assert done.code == 77
    assert str(blocked) in done.stderr


@pytest.mark.parametrize(
    "words",
    [("sned",), ("send", "--nic", "x"), ("listen", "--count", "0"), ("export", "--format", "pdf")],
)
def test_usage_is_2_and_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = visit(tmp_path, *words)
    assert (done.code, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_no_verb_means_chat(broker: BrokerProgram) -> None:
    done = run(broker)
    assert (done.code, done.stderr) == (0, "")
    assert "#general" in done.stdout


def test_help_and_version_speak_the_language(tmp_path: Path) -> None:
    assert visit(tmp_path, "--help").stdout.startswith("usage: ")
    french = run_cli("--help", env={"LC_ALL": "fr_FR.UTF-8"})
    assert (french.code, french.stderr) == (0, "")
    assert "salon" in french.stdout
    assert run_cli("-V").stdout.startswith("client_cli.py ")
    assert "salon" in run_cli("--lang", "fr", "send", "-h").stdout


@pytest.mark.parametrize(("sig", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_while_joining(tmp_path: Path, sig: int, status: int) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        link = f"causette://{'ab' * 32}@127.0.0.1:{port}/{port}"
        words = ["--data-dir", str(tmp_path), "send", "-s", link, "hello"]
        with Program([sys.executable, ROOT / "client_cli.py", *words]) as program:
            silent.settimeout(20)
            silent.accept()[0].close()
            assert program.stop(sig) == status
            assert program.lines("stderr") == []


def test_an_unexpected_error_is_one_line_and_a_log(broker: BrokerProgram, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Bomb:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'common.cli.history':\n"
        "            raise RuntimeError('a mistake of ours')\n"
        "sys.meta_path.insert(0, Bomb())\n"
    )
    done = run(broker, "history", env={"PYTHONPATH": str(tmp_path)})
    log = broker.data_dir / "client" / "errors.log"
    assert (done.code, done.stderr.count("\n")) == (1, 1)
    assert "a mistake of ours" in done.stderr
    assert str(log) in done.stderr
    assert "Traceback" in log.read_text()
    assert os.name != "posix" or log.stat().st_mode & 0o777 == 0o600


def test_sending_imports_nothing_heavy(broker: BrokerProgram) -> None:
    code = (
        "import sys; from common.cli import app, send, bot, listen, history, export;"
        "from common.client import client;"
        "heavy = {'prompt_toolkit', 'tkinter', 'aiohttp', 'ttkbootstrap', 'precis_i18n'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = run_program([sys.executable, "-c", code])
    assert done.stdout.strip() == "[]"


def test_a_server_without_encryption_is_said_so(
    broker_factory: BrokerFactory, tmp_path: Path
) -> None:
    plain = broker_factory("--plain")
    done = run(plain, "send", "hello")
    assert done.code == 0
    assert "encrypt" in done.stderr
    assert "encrypted" in run(plain, "bot").stdout
    assert run(plain, "bot").events()[0]["encrypted"] is False

"""The sentences of `broker.py doctor`. Owns words; does nothing. Pure.

As `phrases`: by id and reason, what is so, then what to do.
"""

from __future__ import annotations

from typing import Final

from common.doctor.words import Phrases, Wording
from common.i18n import N_

_LABELS: Final = {
    "data": N_("Data"),
    "key": N_("Key"),
    "disk": N_("Disk"),
    "database": N_("Database"),
    "clock": N_("Clock"),
    "running": N_("Server"),
    "answers": N_("Answers"),
    "files": N_("Open files"),
    "bound": N_("Listens on"),
    "addresses": N_("Addresses"),
    "here": N_("From here"),
    "firewall": N_("Firewall"),
    "outside": N_("From outside"),
    "discovery": N_("Discovery"),
    "backup": N_("Backup"),
}

_KEPT: Final[Phrases] = {
    ("data-ok", ""): (("{path} ({owner}, {mode})", "{path}"), ()),
    ("data-none", ""): ((N_("nothing was served from {path} yet; the first start makes it"),), ()),
    ("data-dir", ""): (
        (N_("{path} cannot be used by this account ({why})."),),
        (
            N_(
                "Start the doctor and the server under the account that the directory belongs to,"
                " or"
                " choose another with --data-dir."
            ),
        ),
    ),
    ("data-mixed", ""): (
        (N_("{path} belongs to {owner}, and its directory to {account}: a start may fail on it."),),
        (N_("Stop the server, then type: chown {account} {path}"),),
    ),
    ("data-loose", ""): (
        (N_("Other accounts of this machine may look into {path} (mode {mode})."),),
        (N_("Type: chmod 700 {path}"),),
    ),
    ("server-key", ""): (("{key}",), ()),
    ("server-key-none", ""): ((N_("none yet; the first start that encrypts makes it"),), ()),
    ("key-file", ""): (
        (N_("The server's key {path} cannot be used ({why})."),),
        (
            N_(
                "Restore it from a copy: with another key everybody who knows this server will be"
                " warned and refused."
            ),
        ),
    ),
    ("key-file", "rights"): (
        (N_("The server's key {path} cannot be read by this account ({why})."),),
        (N_("Start the doctor under the account that the server runs under."),),
    ),
    ("key-file", "loose"): (
        (
            N_(
                "Other accounts of this machine may read the server's secret key, {path} (mode"
                " {mode}): it does not start so."
            ),
        ),
        (N_("Type: chmod 600 {path}"),),
    ),
    ("disk-ok", ""): (
        (
            N_("{free_bytes} are free; at {growth_bytes} a day that lasts for {left_seconds}"),
            N_("{free_bytes} are free"),
        ),
        (),
    ),
    ("disk-low", ""): (
        (
            N_(
                "Only {free_bytes} are free where {path} is; at {growth_bytes} a day that lasts for"
                " {left_seconds}."
            ),
            N_("Only {free_bytes} are free where {path} is."),
        ),
        (N_("Make room, or keep less: --keep 90d, or --keep-bytes 500M for each room."),),
    ),
    ("disk-full", ""): (
        (N_("The disk is full: nothing can be written in {path}, and no message is stored."),),
        (N_("Make room; the server goes on by itself, and clients send again what waits."),),
    ),
    ("disk-full", "files"): (
        (N_("No further file can be made in {path}: the file system has no free inodes."),),
        (N_("Delete files there; the server goes on by itself."),),
    ),
    ("database-ok", ""): (
        (
            N_(
                "sound as far as a quick look tells; rooms: {rooms}, records: {records}, people:"
                " {people}, {size_bytes}"
            ),
        ),
        (),
    ),
    ("database-ok", "deep"): (
        (
            N_(
                "sound, every record; rooms: {rooms}, records: {records}, people: {people},"
                " {size_bytes}"
            ),
        ),
        (),
    ),
    ("database-large", ""): (
        (N_("{size_bytes}, too large to be looked through quickly; --deep takes the time"),),
        (),
    ),
    ("database-none", ""): ((N_("none yet; the first start makes it"),), ()),
    ("database-damaged", ""): (
        (N_("The database {path} is damaged: {why}"),),
        (
            N_(
                "Stop the server and keep a copy of its directory; then go back to a backup with"
                " broker.py restore FILE. broker.py verify names all that is wrong."
            ),
        ),
    ),
    ("newer-database", ""): (
        (N_("The database {path} has form {form}; this program knows forms up to {newest}."),),
        (N_("Update this program: a newer version has used this directory."),),
    ),
    ("clock-ok", ""): ((N_("not before the newest record"),), ()),
    ("clock-off", ""): (
        (N_("This machine's clock is {off_seconds} before the newest record: it has run back."),),
        (
            N_(
                "Set it right. Until it has caught up, all that is said gets the time of that"
                " record."
            ),
        ),
    ),
    ("backup-ok", ""): ((N_("{path}, {age_seconds} old"),), ()),
    ("backup-none", ""): (
        (N_("none is known"),),
        (N_("Make one, on another disk: broker.py backup FILE (also while it serves)."),),
    ),
    ("backup-old", ""): (
        (N_("The last one that is known, {path}, is {age_seconds} old."),),
        (N_("Make another: broker.py backup FILE --force"),),
    ),
    ("backup-gone", ""): (
        (N_("The last one that is known, {path}, is not there any more."),),
        (N_("If it was not moved elsewhere on purpose, make another: broker.py backup FILE"),),
    ),
    ("doctor-failed", ""): (
        (N_("The doctor itself failed at this ({why})."),),
        (N_("Please report it with what stands above."),),
    ),
}

_RUNS: Final[Phrases] = {
    ("running", ""): ((N_('"{name}" runs (process {pid}, version {version})'),), ()),
    ("running", "version"): (
        (N_('"{name}" runs as version {version}, and this is {ours}.'),),
        (N_("Start it again to have the present version."),),
    ),
    ("running", "apart"): (
        (
            N_(
                '"{name}" runs in a network of its own, a container\'s: it cannot be looked at from'
                " here."
            ),
        ),
        (N_("Start the doctor in the same container."),),
    ),
    ("profile-damaged", ""): (
        (N_("{path} is damaged ({why})."),),
        (N_("Start the server again: it writes that file anew."),),
    ),
    ("not-running", ""): (
        (N_("No server runs on the data in {path}: nobody can join."),),
        (N_("Start it: python broker.py --lan"),),
    ),
    ("not-running", "died"): (
        (N_("No server runs on the data in {path}; the last one ended without a word."),),
        (N_("Start it again with python broker.py --lan; its log tells why it ended."),),
    ),
    ("data-dir-locked", "silent"): (
        (
            N_(
                "Process {other} holds {path}, but does not say that it serves: it is starting, or"
                " hangs."
            ),
            N_(
                "Another process holds {path}, but does not say that it serves: it is starting, or"
                " hangs."
            ),
        ),
        (N_("Look again in a moment; if it is still so, end that process and start anew."),),
    ),
    ("data-dir-locked", "two"): (
        (N_("Process {other} holds {path}, while process {pid} says that it serves it."),),
        (N_("End both, then start one."),),
    ),
    ("address-in-use", ""): (
        (
            N_(
                "No server runs here, and {address} is taken by another program: a start would"
                " fail."
            ),
        ),
        (N_("Stop that program, or choose other ports with --pull and --pub."),),
    ),
    ("address-wrong", ""): (
        (N_("No server runs here, and a start would fail: {address} cannot be served ({why})."),),
        (N_("Correct --pull, --pub or --card, or the configuration file."),),
    ),
    ("no-answer", ""): (
        (N_("The server runs (process {pid}) but does not answer: it hangs, or was stopped."),),
        (N_("Start it again. If it happens anew, report it with its log."),),
    ),
    ("no-answer", "other"): (
        (N_("At {address}, where the server says that it is, something else answers."),),
        (N_("End that program, and start the server again."),),
    ),
    ("no-answer", "session"): (
        (N_("The server runs and nobody can join it, not even its own machine: {why}"),),
        (N_("Start it again, and read its log."),),
    ),
    ("wrong-key", ""): (
        (N_("The server shows another key than the one in its directory: the file was replaced."),),
        (N_("Restore the right key, or start the server again if this one is right."),),
    ),
    ("answers", ""): ((N_("in {ms}, over an encrypted session"),), ()),
    ("answers-plain", ""): (
        (N_("It answers, but does not encrypt: whoever is on the network can read along."),),
        (N_("Start it without --plain, unless that is what you want."),),
    ),
    ("descriptors-ok", ""): (
        (N_("{open} of {limit}: about {sessions} more sessions fit"),),
        (),
    ),
    ("descriptors-few", ""): (
        (N_("{open} of {limit} are in use: about {sessions} more sessions fit."),),
        (
            N_(
                "Raise the limit: ulimit -n 65536 before the start, or LimitNOFILE=65536 in the"
                " systemd unit."
            ),
        ),
    ),
}

_REACHED: Final[Phrases] = {
    ("bound-ok", ""): (
        (N_("{pull} (in), {pub} (out), {card} (card)"), N_("{pull} (in), {pub} (out)")),
        (),
    ),
    ("bound-card", ""): (
        (
            N_(
                "The card is for this machine alone ({card}): who types the address elsewhere gets"
                " no key."
            ),
        ),
        (N_("Give --card an address of the network, or hand out join links."),),
    ),
    ("loopback-only", ""): (
        (N_("The server listens on this machine alone ({pull}): nobody else can reach it."),),
        (N_("Start it with --lan, or with --pull and an address of the network."),),
    ),
    ("loopback-half", ""): (
        (N_("{way} is for this machine alone ({pull} in, {pub} out): nobody else can join."),),
        (N_("Start it with --lan, or give --pull and --pub both an address of the network."),),
    ),
    ("no-network", ""): (
        (N_("This machine is on no network: it has no address but its own loopback."),),
        (N_("Connect it, by cable or Wi-Fi; the server takes it up by itself."),),
    ),
    ("address-gone", ""): (
        (
            N_(
                "The server listens on {gone}, which this machine has not any more; it is {own}"
                " now."
            ),
        ),
        (N_("Start it again with --lan, which listens on every address."),),
    ),
    ("addresses-ok", ""): ((N_("Others reach this machine at {addresses}."),), ()),
    ("addresses-ok", "link-local"): (
        (N_("Others on the same cable reach this machine at {addresses}; it was given no other."),),
        (),
    ),
    ("open-here", ""): ((N_("ports {ports} are open at {addresses}"),), ()),
    ("closed-here", ""): (
        (N_("Port {port} of {address} cannot be reached even from this machine."),),
        (N_("Start the server again; if it stays so, look at this machine's firewall."),),
    ),
    ("firewall-open", "none"): ((N_("none was found"),), ()),
    ("firewall-open", ""): ((N_("{tool} lets in what no rule forbids"),), ()),
    ("firewall-lets-in", ""): ((N_("{tool} keeps out what no rule lets in; see below"),), ()),
    ("firewall-closes", ""): (
        (N_("{tool} keeps out what no rule lets in, and could not be tried from outside."),),
        (
            N_("If others cannot join, type: {command}"),
            N_("If others cannot join, let the ports in."),
        ),
    ),
    ("firewall-unknown", ""): ((N_("this account may not read its rules"),), ()),
    ("outside-ok", ""): (
        (N_("ports {ports} are open at {addresses}, to a network beside this machine"),),
        (),
    ),
    ("outside-not-tried", "root"): (
        (N_("not tried: only root may make a second network beside this one"),),
        (),
    ),
    ("outside-not-tried", "iproute2"): (
        (N_("not tried: the program ip is missing (apt-get install iproute2)"),),
        (),
    ),
    ("outside-not-tried", "platform"): (
        (N_("not tried: this system cannot make a second network beside this one"),),
        (),
    ),
    ("outside-not-tried", "failed"): (
        (
            N_("not tried: a second network could not be made ({why})"),
            N_("not tried: a second network could not be made"),
        ),
        (),
    ),
    ("firewall-drops", ""): (
        (
            N_("A firewall ({tool}) drops what comes from outside to ports {closed_ports}."),
            N_("A firewall drops what comes from outside to ports {closed_ports}."),
        ),
        (
            N_(
                "Type: {command} (what was tried came from {whence}; if the rules let in certain"
                " addresses only, try from one of those)"
            ),
            N_("Let TCP ports {closed_ports} in."),
        ),
    ),
    ("firewall-rejects", "reset"): (
        (N_("Ports {closed_ports} are refused to what comes from outside, as by a firewall."),),
        (N_("Let TCP ports {closed_ports} in."),),
    ),
    ("firewall-rejects", ""): (
        (
            N_("A firewall ({tool}) refuses what comes from outside to ports {closed_ports}."),
            N_("A firewall refuses what comes from outside to ports {closed_ports}."),
        ),
        (
            N_(
                "Type: {command} (what was tried came from {whence}; if the rules let in certain"
                " addresses only, try from one of those)"
            ),
            N_("Let TCP ports {closed_ports} in."),
        ),
    ),
    ("announced", ""): ((N_('"{name}" is announced and can be found'),), ()),
    ("announced", "namesake"): (
        (N_('"{name}" is announced; so is another of that name, at {others}'),),
        (),
    ),
    ("not-announced", ""): (
        (N_("not announced: people type an address, or use a join link (--lan announces it)"),),
        (),
    ),
    ("discovery-off", "missing"): (
        (N_("nothing can be announced or found: the package zeroconf is not installed"),),
        (N_("Type: {command}"),),
    ),
    ("discovery-off", "off"): ((N_("not looked for: --no-discovery"),), ()),
    ("unseen", ""): (
        (N_("The server was to announce itself (--lan), and its announcement is not heard here."),),
        (N_("Read its log for the reason; a typed address or a join link works without."),),
    ),
    ("unseen", "blocked"): (
        (
            N_(
                "A firewall of this machine keeps out mDNS (UDP port 5353): nobody finds the"
                " server."
            ),
        ),
        (N_("Let UDP port 5353 in; a typed address or a join link works without."),),
    ),
    ("unseen", "no-multicast"): (
        (N_("No network interface here can do multicast: nobody finds the server by name."),),
        (N_("Hand out its address or a join link."),),
    ),
    ("unseen", "no-network"): (
        (N_("This machine is on no network: nobody finds the server."),),
        (N_("Connect it, by cable or Wi-Fi."),),
    ),
}

PHRASES: Final[Phrases] = {**_KEPT, **_RUNS, **_REACHED}
WORDING: Final = Wording(PHRASES, _LABELS, "addresses")

"""The sentences of `client_cli.py doctor`. Owns words; does nothing. Pure.

By id and reason: what is so, then what to do; of several sentences the first that has all its
values is said. An id without words here is one of `common.explain`.
"""

from __future__ import annotations

from typing import Final

from common.doctor.phrases_way import TALK, WAY
from common.doctor.words import Phrases, Wording
from common.i18n import N_

_LABELS: Final = {
    "data": N_("Your files"),
    "disk": N_("Disk"),
    "files": N_("Open files"),
    "identity": N_("Your key"),
    "server": N_("Server"),
    "network": N_("Network"),
    "name": N_("Name"),
    "ports": N_("Ports"),
    "program": N_("Program"),
    "version": N_("Version"),
    "card": N_("Card"),
    "key": N_("Server's key"),
    "session": N_("Joining"),
    "speed": N_("Round trip"),
    "clock": N_("Clock"),
    "discovery": N_("Discovery"),
}

_HERE: Final[Phrases] = {
    ("data-ok", ""): (("{path}",), ()),
    ("data-new", ""): ((N_("{path} does not exist yet; the first join makes it"),), ()),
    ("data-dir", ""): (
        (N_("{path} cannot be used by this account ({why})."),),
        (N_("Give this account its rights back, or choose another directory with --data-dir."),),
    ),
    ("data-loose", ""): (
        (N_("Other accounts of this machine may open {path} (mode {mode})."),),
        (N_("Type: chmod 700 {path}"),),
    ),
    ("disk-ok", ""): ((N_("{free_bytes} are free"),), ()),
    ("disk-low", ""): (
        (N_("Only {free_bytes} are free where {path} is."),),
        (N_("Make room before it is full: what cannot be kept is not sent."),),
    ),
    ("disk-full", ""): (
        (N_("The disk is full: nothing can be written in {path}."),),
        (N_("Make room there, or choose another directory with --data-dir."),),
    ),
    ("disk-full", "files"): (
        (N_("No further file can be made in {path}: the file system has no free inodes."),),
        (N_("Delete files there, or choose another directory with --data-dir."),),
    ),
    ("descriptors-ok", ""): ((N_("{open} of {limit} that this program may have"),), ()),
    ("descriptors-few", ""): (
        (
            N_(
                "This program may have {limit} files open and has {open}; a session needs {needed}"
                " more."
            ),
        ),
        (N_("Raise the limit: ulimit -n 1024, or LimitNOFILE=1024 in a systemd unit."),),
    ),
    ("identity-ok", ""): ((N_("{nick}: {key}"),), ()),
    ("identity-new", ""): ((N_("{nick} has none here yet; the first join makes one"),), ()),
    ("key-file", ""): (
        (N_("The key file {path} cannot be used ({why})."),),
        (N_("Restore it from a copy, or choose another nickname: each has a key of its own."),),
    ),
    ("key-file", "loose"): (
        (N_("Other accounts of this machine may read your secret key, {path} (mode {mode})."),),
        (N_("Type: chmod 600 {path}"),),
    ),
    ("profile-damaged", ""): (
        (N_("{path} is damaged ({why})."),),
        (N_("Restore it from a copy, or move it away and try again."),),
    ),
}

_WHICH: Final[Phrases] = {
    ("server-typed", ""): ((N_("{host}, port {port}, as given"),), ()),
    ("server-link", ""): ((N_("{host}, port {port}, by a join link"),), ()),
    ("server-by-hand", ""): ((N_("{push} and {sub}, given by hand"),), ()),
    ("server-here", ""): ((N_('"{name}" on this machine (process {pid})'),), ()),
    ("server-found", ""): ((N_('"{name}" at {host}, port {port}, found on the network'),), ()),
    ("no-broker", "here"): (
        (N_("No server was given, and none runs on this machine."),),
        (
            N_(
                "Start one with python broker.py, or give the address of the one that you want:"
                " client_cli.py doctor ADDRESS"
            ),
        ),
    ),
    ("no-broker", "network"): (
        (N_("No server was given; none runs on this machine and none was found on the network."),),
        (
            N_(
                "It may not announce itself (--lan), be on another network, or this one may keep"
                " its"
                " devices apart (guest Wi-Fi). Ask for its address and type: client_cli.py doctor"
                " ADDRESS"
            ),
        ),
    ),
    ("no-broker", "no-multicast"): (
        (
            N_(
                "No server was given and none runs on this machine; none can be found, for no"
                " network interface here can do multicast."
            ),
        ),
        (
            N_(
                "Connect this machine to a network, or type the server's address:"
                " client_cli.py doctor ADDRESS"
            ),
        ),
    ),
    ("no-broker", "no-network"): (
        (N_("No server was given, none runs on this machine, and it is on no network."),),
        (N_("Connect it, by cable or Wi-Fi, or start a server here with python broker.py."),),
    ),
    ("no-broker", "blocked"): (
        (
            N_(
                "No server was given and none runs on this machine; none can be found, for a"
                " firewall of this machine keeps out mDNS (UDP port 5353)."
            ),
        ),
        (N_("Let UDP port 5353 in, or type the server's address: client_cli.py doctor ADDRESS"),),
    ),
    ("no-broker", "stopped"): (
        (N_("The server of this machine ended without a word: its process {pid} is gone."),),
        (N_("Start it again with python broker.py; its log tells why it ended."),),
    ),
    ("several-found", ""): (
        (N_("No server was given, and several were found on the network: {names}."),),
        (N_("Say which one: client_cli.py doctor ADDRESS ({addresses})"),),
    ),
    ("network-ok", ""): (
        (
            N_("this machine is {own}, on the same network as {address}"),
            N_("this machine is {addresses}"),
        ),
        (),
    ),
    ("network-other", ""): (
        (N_("this machine is {addresses}; {address} is on another network"),),
        (),
    ),
    ("network-loopback", ""): ((N_("none needed: the server is on this machine"),), ()),
    ("network-none", ""): (
        (N_("This machine is on no network: it reaches nobody but itself."),),
        (N_("Connect it, by cable or Wi-Fi, then try again."),),
    ),
    ("name-ok", ""): ((N_("{host} is {addresses}"),), ()),
    ("unreachable-name", ""): (
        (N_("No machine is called {host} here; the system's resolver says: {why}."),),
        (
            N_(
                "Check the spelling, or type the address instead: on the server's machine,"
                " broker.py doctor shows it."
            ),
        ),
    ),
    ("unreachable-name", "resolver"): (
        (N_("{host} could not be looked up; the system's resolver says: {why}."),),
        (N_("Type the server's address instead of its name, or have the name service mended."),),
    ),
    ("unreachable-name", "local"): (
        (N_("No machine is called {host} here; the system's resolver says: {why}."),),
        (
            N_(
                "Names in .local are found by mDNS, which stays within one network: type the"
                " address instead."
            ),
        ),
    ),
}

_IN: Final[Phrases] = {
    ("joined", ""): ((N_('You would be {nick} on "{server}".'),), ()),
    ("joined", "owner"): ((N_('You would be {nick} on "{server}", which you own.'),), ()),
    ("joined", "admin"): ((N_('You would be {nick} on "{server}", an administrator.'),), ()),
    ("not-tried", "unknown"): (
        (N_("Not tried: without encryption only a confirmed server is told who you are."),),
        (N_("Join it once and confirm it, or add --trust-first."),),
    ),
    ("not-invited", "code"): (
        (N_("You are not in yet; your invitation was not tried, so as not to use it up."),),
        (N_("Join with it."),),
    ),
    ("not-invited", ""): (
        (
            N_(
                "This server lets in who is invited, and you are not; you are on its waiting list"
                " now (your key: {key})."
            ),
        ),
        (
            N_(
                "Ask an administrator to let you in (/approve in the chat, broker.py admin"
                " approve),"
                " or for an invitation."
            ),
        ),
    ),
    ("nick-taken", ""): (
        (N_('"{nick}" is somebody else\'s nickname on this server.'),),
        (
            N_(
                "Choose another with -n; if it is yours, bring your key from the other device"
                " (client_cli.py key) or tie this one to it (client_cli.py device)."
            ),
        ),
    ),
    ("speed-ok", ""): (("{ms}",), ()),
    ("slow", ""): (
        (N_("A round trip takes {ms}: messages will be slow to arrive."),),
        (N_("Look at the network (Wi-Fi far from its station?) and at what else it carries."),),
    ),
    ("clock-ok", ""): ((N_("as the server's"),), ()),
    ("clock-off", "ahead"): (
        (N_("This machine's clock is {off_seconds} ahead of the server's."),),
        (
            N_(
                'Set the wrong one right. Joining works, but times of day, "until" and --since are'
                " by the server's clock."
            ),
        ),
    ),
    ("clock-off", "behind"): (
        (N_("This machine's clock is {off_seconds} behind the server's."),),
        (
            N_(
                'Set the wrong one right. Joining works, but times of day, "until" and --since are'
                " by the server's clock."
            ),
        ),
    ),
    ("seen", ""): ((N_('the server announces itself as "{name}"'),), ()),
    ("unseen", ""): (
        (
            N_(
                "the server is not seen on the network: it does not announce itself (--lan), or"
                " mDNS"
                " does not come through; a typed address needs neither"
            ),
        ),
        (),
    ),
    ("unseen", "subnet"): (
        (N_("not seen here: it is on another network, where announcements do not reach"),),
        (),
    ),
    ("unseen", "no-multicast"): (
        (N_("No network interface here can do multicast: servers cannot be found by name."),),
        (N_("Type the server's address."),),
    ),
    ("unseen", "blocked"): (
        (N_("A firewall of this machine keeps out mDNS (UDP port 5353): no server can be found."),),
        (N_("Let UDP port 5353 in, or type the server's address."),),
    ),
    ("discovery-off", "missing"): (
        (N_("not looked for: the package zeroconf is not installed"),),
        (),
    ),
    ("discovery-off", "off"): ((N_("not looked for: --no-discovery"),), ()),
    ("doctor-failed", ""): (
        (N_("The doctor itself failed at this ({why})."),),
        (N_("Please report it with what stands above."),),
    ),
}

PHRASES: Final[Phrases] = {**_HERE, **_WHICH, **WAY, **TALK, **_IN}
WORDING: Final = Wording(PHRASES, _LABELS, "session")

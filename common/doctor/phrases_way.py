"""More sentences of `client_cli.py doctor`: of the way to a server, and of what answers there.

As `phrases`: by id and reason, what is so, then what to do. Pure.
"""

from __future__ import annotations

from typing import Final

from common.doctor.words import Phrases
from common.i18n import N_

WAY: Final[Phrases] = {
    ("ports-open", ""): ((N_("{ports} of {host} are open ({ms})"),), ()),
    ("ipc-ok", ""): ((N_("{push} and {sub} are there"),), ()),
    ("moved", ""): (
        (
            N_(
                'Nothing answers at {former} any more, but "{name}", which has its key, announces'
                " itself at {addresses}: clients follow it there."
            ),
        ),
        (N_("Nothing needs to be done; with the new address joining is quicker."),),
    ),
    ("unreachable-refused", ""): (
        (
            N_(
                "{host} is there and refuses port {port}: nothing listens on it, or a firewall"
                " says so."
            ),
        ),
        (
            N_(
                "Check the port, and that the server runs: on its machine, broker.py doctor tells."
                " A server that was started without --lan or --pull is for its own machine only."
            ),
        ),
    ),
    ("unreachable-refused", "rejected"): (
        (N_("A firewall refuses port {port} of {host}; {by} says so."),),
        (
            N_(
                "Have that firewall let in TCP ports {ports}: on the server's machine, broker.py"
                " doctor tells how."
            ),
        ),
    ),
    ("unreachable-refused", "half"): (
        (
            N_(
                "A firewall refuses port {port} of {host} and lets port {open_port} through; both"
                " are needed."
            ),
        ),
        (N_("Have that firewall let in TCP port {port} too."),),
    ),
    ("unreachable-refused", "half-refused"): (
        (
            N_(
                "Nothing listens on port {port} of {host}, while port {open_port} is open; both are"
                " needed."
            ),
        ),
        (N_("Check the ports; with others than 5555 and 5556 a join link tells all of them."),),
    ),
    ("unreachable-silent", ""): (
        (
            N_(
                "Nothing answers at {host} ({address}), port {port}: neither yes nor no. The"
                " machine is off or elsewhere, or a firewall drops what comes."
            ),
        ),
        (
            N_(
                "Check the address; then, on the server's machine, let broker.py doctor look at"
                " its firewall."
            ),
        ),
    ),
    ("unreachable-silent", "drops"): (
        (
            N_(
                "{host} is there, but a firewall drops what comes to port {port}: no answer,"
                " neither yes nor no."
            ),
        ),
        (
            N_(
                "Have that firewall let in TCP ports {ports}: on the server's machine, broker.py"
                " doctor tells how."
            ),
        ),
    ),
    ("unreachable-silent", "half"): (
        (
            N_(
                "Port {open_port} of {host} answers, but a firewall drops what comes to port"
                " {port}; both are needed."
            ),
        ),
        (N_("Have that firewall let in TCP port {port} too."),),
    ),
    ("unreachable-silent", "half-refused"): (
        (N_("Port {open_port} of {host} answers, but port {port} cannot be reached ({why})."),),
        (N_("Have whoever looks after the network let TCP port {port} through too."),),
    ),
    ("unreachable-silent", "absent"): (
        (N_("Nobody on this network has the address {address}."),),
        (
            N_(
                "Check the address and that the machine is on. On a Wi-Fi that keeps its devices"
                " apart (guests, hotels) use another network, or a cable."
            ),
        ),
    ),
    ("unreachable-silent", "isolated"): (
        (
            N_(
                "Nobody on this network has the address {address}, though others answer: that"
                " machine is away, or the network keeps its devices apart."
            ),
        ),
        (
            N_(
                "Check the address. Then have client isolation turned off in the Wi-Fi's settings,"
                " or use another network, or a cable."
            ),
        ),
    ),
    ("unreachable-silent", "no-route"): (
        (N_("This machine knows no way to {address} ({why})."),),
        (N_("Join the server's network, or have a gateway set; then try again."),),
    ),
    ("unreachable-silent", "unreachable"): (
        (
            N_("{by}, on the way to {address}, says that it cannot be reached ({why})."),
            N_("{address} cannot be reached ({why})."),
        ),
        (N_("Check the address, and with whoever looks after the network."),),
    ),
    ("unreachable-silent", "forbidden"): (
        (N_("This machine itself may not connect to {address}, port {port} ({why})."),),
        (N_("Have this machine's own firewall let TCP ports {ports} out."),),
    ),
    ("unreachable-silent", "ipc"): (
        (N_("{address} cannot be reached ({why})."),),
        (N_("Check the path, and that the server runs on this machine."),),
    ),
}

TALK: Final[Phrases] = {
    ("speaks-ok", ""): ((N_("ZeroMQ, encrypted"),), ()),
    ("speaks-plain", ""): (
        (N_("This server does not encrypt: whoever is on the network can read along."),),
        (N_("Ask whoever runs it to start it without --plain."),),
    ),
    ("no-answer", ""): (
        (N_("Something takes the connection at {host}, port {port}, and says nothing."),),
        (N_("If it is the server, it hangs: have it started again. If not, check the port."),),
    ),
    ("no-answer", "session"): (
        (N_("The server at {host} takes the connections, but does not answer."),),
        (N_("Try again in a moment; else have it started again, and its log read."),),
    ),
    ("not-causette", "http"): (
        (
            N_("A web server answers at {host}, port {port} ({said}), and no chat."),
            N_("A web server answers at {host}, port {port}, and no chat."),
        ),
        (
            N_(
                "Check the port: the chat's is 5555 unless somebody chose another. If it is the"
                " chat's page, open http://{host}:{port} in a browser."
            ),
        ),
    ),
    ("not-causette", "other"): (
        (N_("Another program answers at {host}, port {port}; it says: {said}"),),
        (N_("Check the address and the port with whoever runs the server."),),
    ),
    ("not-causette", "closed"): (
        (
            N_(
                "Another program answers at {host}, port {port}: it takes the connection and closes"
                " it at once."
            ),
        ),
        (N_("Check the address and the port with whoever runs the server."),),
    ),
    ("not-causette", "zeromq"): (
        (
            N_(
                "A program that speaks ZeroMQ answers at {host}, port {port}, but it is no server"
                " of Causette."
            ),
        ),
        (N_("Check the address and the port with whoever runs the server."),),
    ),
    ("plain-mismatch", "they-encrypt"): (
        (N_("The server at {host} encrypts, and was to be spoken to without encryption."),),
        (N_("Leave out --push and --sub, or add --server-key; or ask for a join link."),),
    ),
    ("plain-mismatch", "they-do-not"): (
        (N_("The server at {host} does not encrypt, and a key of it is known here."),),
        (
            N_(
                "If whoever runs it did that on purpose (--plain), forget its key; if not, stay"
                " out: somebody may stand between."
            ),
        ),
    ),
    ("version-ok", ""): ((N_("both speak version {version} of the protocol"),), ()),
    ("protocol-version", "server-older"): (
        (
            N_(
                "The server is too old: it speaks version {version} of the protocol, this program"
                " {ours}."
            ),
        ),
        (N_("Have the server updated, or use an older version of this program."),),
    ),
    ("protocol-version", "server-newer"): (
        (
            N_(
                "This program is too old: it speaks version {ours} of the protocol, the server"
                " {version}."
            ),
        ),
        (N_("Update this program."),),
    ),
    ("card-ok", ""): ((N_('"{name}", open to whoever has the link'),), ()),
    ("card-ok", "invite"): ((N_('"{name}", for those who were invited'),), ()),
    ("card-closed", ""): (
        (N_("Port {port} of {host}, which tells the server's key, does not answer."),),
        (N_("Nothing is missing here, since its key is known; newcomers need a join link."),),
    ),
    ("no-card", ""): (
        (
            N_(
                "The server at {host} is there, but port {port}, which tells its key, does not"
                " answer."
            ),
        ),
        (N_("Have TCP port {port} let in too, or ask for a join link: it holds the key."),),
    ),
    ("key-known", ""): ((N_("{key}, as it was trusted"),), ()),
    ("key-link", ""): ((N_("{key}, as the link says"),), ()),
    ("key-given", ""): ((N_("{key}, as given"),), ()),
    ("key-here", ""): ((N_("{key}, as its own machine says"),), ()),
    ("key-first", ""): ((N_("{key}, not known yet; --trust-first takes it"), N_("none")), ()),
    ("key-unknown", "found"): (
        (
            N_(
                "This server is not known yet; its key is {key}, and is trusted from the first join"
                " on."
            ),
        ),
        (N_("If in doubt, compare the key with what the server's own machine shows."),),
    ),
    ("key-unknown", ""): (
        (
            N_("This server is not known yet; its key is {key}."),
            N_("This server is not known yet."),
        ),
        (
            N_(
                "Compare the key with what the server's own machine shows, then confirm it when you"
                " join; or use a join link, or --trust-first."
            ),
        ),
    ),
    ("key-changed", ""): (
        (
            N_(
                "The server at {host} shows another key than before: {key}; {expected} was trusted."
            ),
            N_("The server at {host} shows no key any more; {expected} was trusted."),
        ),
        (
            N_(
                "If it was set up anew, ask for a join link and compare the key; if not, stay out:"
                " somebody else may answer in its place."
            ),
        ),
    ),
    ("wrong-key", ""): (
        (
            N_(
                "The server at {host} has another key than the one given: {key} instead of"
                " {expected}."
            ),
            N_("The server at {host} does not have the key that was given."),
        ),
        (N_("Ask for a new join link; if the server was not set up anew, stay out."),),
    ),
}

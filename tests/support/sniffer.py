"""Prints each packet of this host that goes, or would like to go, beyond its own networks.

    python sniffer.py NETWORK...      # `10.9.0.0/24`: what is near besides

Run it as root in the namespace; `ready` is the first line, then a line for each packet: multicast
DNS, ARP and what IPv6 and IGMP say among neighbours are near, whatever is asked of a name server is
not, wherever that is. Standard library alone.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys

ETH_ALL = 3
IPV4, IPV6 = 0x0800, 0x86DD
OUTGOING = 4
TCP, UDP = 6, 17
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAMES = {53, 853, 5355}
"""DNS, over TLS too, and LLMNR."""


def far(protocol: int, packet: bytes, near: list[Network]) -> str:
    """What is wrong with a packet, "" if nothing is."""
    if protocol == IPV4:
        kind, length = packet[9], (packet[0] & 15) * 4
        to: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(packet[16:20])
    elif protocol == IPV6:
        kind, length = packet[6], 40
        to = ipaddress.ip_address(packet[24:40])
    else:
        return ""
    port = struct.unpack("!H", packet[length + 2 : length + 4])[0] if kind in (TCP, UDP) else 0
    if port in NAMES:
        return f"a name is asked of {to}, port {port}"
    if to.is_loopback or to.is_multicast or to.is_link_local:
        return ""
    if any(to in network for network in near if network.version == to.version):
        return ""
    return f"{to}, protocol {kind}, port {port}"


def main() -> None:
    near = [ipaddress.ip_network(word) for word in sys.argv[1:]]
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_ALL))
    print("ready", flush=True)
    while True:
        packet, (interface, protocol, kind, *_more) = ear.recvfrom(65_535)
        if kind == OUTGOING and (words := far(protocol, packet, near)):
            print(f"far {interface}: {words}", flush=True)


if __name__ == "__main__":
    main()

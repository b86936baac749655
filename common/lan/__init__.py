"""Being found on the network, and finding: multicast DNS (`_causette._tcp`), and a code to scan.

`found` is what an announcement says (pure); `mdns` alone knows zeroconf, `qr` alone segno;
`announce` is the server's side and `browse` the clients'. Nothing here decides on trust: see
`common.client.nearby` and docs/adr/0012. Must not know the broker, nor any client's session.
"""

"""The gateway: the same chat in any browser of the network, on one asyncio loop.

app        one run: arguments, signals, the ready line, TLS, exit statuses
options    the command line
gateway    the parts put together, opened and closed; the table of routes
place      which server this gateway leads to, and whether it answers
server     HTTP: the order of checks, then the route; asking and answers: a request, an answer
security   who may ask: hosts, origins, headers, rates
assets     the page's files, in memory, and those made from the common tables; words: its sentences
entry      the way in and out for a browser
hooks      messages said by scripts over HTTP; hook_desk: their routes; hook_verb and control: the
           same from this machine's command line
metrics    what is counted, and how Prometheus reads it
store      the identities of browsers and hooks, with what their sessions keep
session    the live sessions of all browsers; attendance and roster: who is where, once for all
chat       one browser's chat: its life, its page; hub: what it has of the gateway around it;
           pace: what is done soon, but not too often; keeping: what outlives a session
talking    what is otherwise than in a terminal: conversation and controller; face: the page's
socket     one page's WebSocket, bounded in both directions
actions    what a page may ask; acting: who carries it out; doing: menus, listing: lists,
           searching, saving, past: what was said before
view       what a page was told, and the difference; people_view, entries_json: parts of it
static/    the page itself
"""

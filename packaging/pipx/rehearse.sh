#!/bin/sh
# Try `pipx install '.[all]'` from a copy of this tree: packaging/pipx/rehearse.sh [PYTHON]
#
# pipx, what it installs and everything that is written stay in a folder that goes away at the end.
# Wants a network, or wherever pip is told to fetch from. Half a minute.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
place=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf -- "$place"' EXIT
python=${1:-python3}

mkdir "$place/tree" "$place/home"
"$python" -c 'import pathlib, runpy, sys; runpy.run_path(sys.argv[1])["copy"](pathlib.Path(sys.argv[2]))' \
    "$root/packaging/wheel.py" "$place/tree"
"$python" -m venv "$place/pipx"
"$place/pipx/bin/pip" install --quiet --disable-pip-version-check pipx
export HOME="$place/home" PIPX_HOME="$place/own" PIPX_BIN_DIR="$place/bin" PIPX_MAN_DIR="$place/man"
export XDG_DATA_HOME="$place/home/data" XDG_CONFIG_HOME="$place/home/config"
export PATH="$place/bin:$PATH"
cd "$place/tree"
pipx="$place/pipx/bin/pipx"
"$pipx" install --quiet '.[all]'
cd "$place/home"

for program in broker cli gui web; do
    "causette-$program" --version
done
causette-broker --quiet --pull 'tcp://127.0.0.1:*' --pub 'tcp://127.0.0.1:*' --web '127.0.0.1:*' \
    >"$place/ready" &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -s "$place/ready" ] || sleep 1
done
grep 'page=http' "$place/ready"
causette-cli send -n ada 'hello from pipx'
causette-cli history -n bob | grep 'hello from pipx'
kill "$server"
wait "$server"
server=
"$pipx" uninstall --quiet causette
[ ! -e "$place/bin/causette-broker" ]
echo 'all of it'

#!/bin/sh
# Install Causette's server as a service of this machine, or bring it up to date. As root:
#
#     packaging/systemd/install.sh [--web]                 the server; with --web the page as well
#     packaging/systemd/install.sh --uninstall [--purge]   takes it away; --purge: with all messages
#
# Programs go to /opt/causette, in an environment of their own that holds the locked versions; an
# upgrade is the same command from a newer tree. The configuration is never overwritten, data are
# never touched without --purge.
set -eu
umask 022
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$(dirname -- "$here")")
place=/opt/causette
units=/etc/systemd/system
helper=/usr/local/sbin/causette-service

fail() {
    echo "install.sh: $1" >&2
    exit "${2:-1}"
}

web='' uninstall='' purge=''
for word in "$@"; do
    case $word in
        --web) web=yes ;;
        --uninstall) uninstall=yes ;;
        --purge) purge=yes ;;
        *) fail "no option is called $word: --web, --uninstall, --purge" 2 ;;
    esac
done
[ "$(id -u)" -eq 0 ] || fail 'this is for root: try sudo' 77
[ -z "$purge" ] || [ -n "$uninstall" ] || fail '--purge goes with --uninstall' 2

if [ -n "$uninstall" ]; then
    systemctl disable --now --quiet causette-web.service causette.service 2>/dev/null || true
    rm -rf -- "$units/causette.service" "$units/causette-web.service" "$helper" "$place"
    systemctl daemon-reload
    if [ -n "$purge" ]; then
        for name in causette causette-web; do
            rm -rf -- "/var/lib/private/$name" "/var/lib/$name"
        done
        rm -rf -- /etc/causette
    else
        echo 'kept: /etc/causette, /var/lib/causette and /var/lib/causette-web (--purge removes them)'
    fi
    exit 0
fi

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is older than 3.11; name another one: PYTHON=python3.12 $0"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python has no ensurepip; on Debian: apt-get install python3-venv"

built=$(mktemp -d)
trap 'rm -rf -- "$built"' EXIT
"$python" "$root/packaging/wheel.py" "$built"
# A new environment beside the old one would do without a moment of mixed versions, but programs in
# it know their place; what serves meanwhile has loaded its code, and is restarted at the end.
[ -x "$place/bin/python" ] || "$python" -m venv "$place"
pip="$place/bin/python -m pip install --quiet --disable-pip-version-check"
$pip --require-hashes --only-binary :all: -r "$root/requirements/server.txt"
$pip --no-index --no-deps --force-reinstall "$built"/causette-*.whl

install -m 0755 "$here/causette-service" "$helper"
install -m 0644 "$here/causette.service" "$here/causette-web.service" "$units/"
if [ ! -e /etc/causette/config.toml ]; then
    install -d -m 0755 /etc/causette
    install -m 0644 "$here/config.toml" /etc/causette/config.toml
fi
systemctl daemon-reload
systemctl enable --quiet causette.service
systemctl restart causette.service
if [ -n "$web" ]; then
    systemctl enable --quiet causette-web.service
    systemctl restart causette-web.service
else
    systemctl try-restart causette-web.service
fi
systemctl --no-pager --lines=0 status causette.service

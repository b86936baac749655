#!/usr/bin/env bash
# A bot in a dozen lines of shell: answers "!uptime" in its rooms.
#   examples/uptime_bot.sh [options of client_cli.py, such as --room ops]
# The text of others only ever passes through jq, never through the shell.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
command -v jq >/dev/null || { echo "uptime_bot.sh needs jq: apt-get install jq" >&2; exit 1; }
coproc BOT { exec "${PYTHON:-python3}" "$here/client_cli.py" bot -n uptime "$@"; }
while IFS= read -r line <&"${BOT[0]}"; do
  room=$(jq -r 'select(.type == "message" and .text == "!uptime") | .room' <<<"$line")
  [ -n "$room" ] || continue
  jq -cn --arg room "$room" --arg text "$(uptime -p)" '{type: "say", $room, $text}' >&"${BOT[1]}"
done

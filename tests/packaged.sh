#!/bin/sh
# Build sdist and wheel, install the wheel into an empty environment outside the repository, and use it as a newcomer
# does: version, help, setup, doctor, a tour, an older database brought up to date, a backup put back.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cd "$home"
(cd "$root" && .venv/bin/python -m hatchling build -d "$home/dist")
ls dist
# what an operator has beside the sources is in no sdist
mkdir planted
(cd "$root" && git ls-files -z | xargs -0 tar -cf -) | tar -xf - -C planted
for name in .env prod.env liqbot.toml liqbot.toml.bak liqbot.db liqbot.db-wal liqbot.history backups/liqbot-1.db; do
  mkdir -p "planted/$(dirname "$name")" && echo planted > "planted/$name"
done
(cd planted && "$root/.venv/bin/python" -m hatchling build -t sdist -d "$home/planted-dist" > /dev/null)
tar -tf planted-dist/*.tar.gz | sed 's,^[^/]*/,,' > inside
grep -q '^liqbot/cli/setup.py$' inside
if grep -E '(^|/)(\.env|[^/]*\.env|liqbot\.toml[^/]*|[^/]*\.db(-[a-z]+)?|[^/]*\.history)$|^backups/' inside; then
  echo "packaged: the sdist carries what it must not"
  exit 1
fi
"$python" -m venv empty
empty/bin/python -m pip install --quiet --disable-pip-version-check --constraint "$root/requirements.txt" dist/*.whl
PATH="$home/empty/bin:$PATH"
mkdir work && cd work
liqbot --version
liqbot -h > /dev/null
python - <<'CHECK'
from pathlib import Path

import liqbot

package = Path(liqbot.__file__).parent
for name in ("migrations/0001_start.py", "examples/plugins/wall.py", "examples/deploy/liqbot.service"):
    assert (package / name).exists(), f"the wheel lacks {name}"
CHECK
printf 'none\nsimulator\nBTC,ETH\nsystemd\n' | liqbot setup > /dev/null
test "$(stat -c %a liqbot.toml)" = 600
grep -q "ExecStart=$home/empty/bin/liqbot run --serve" liqbot.service
export LIQBOT_WEB__PORT=0 LIQBOT_METRICS_PORT="${METRICS_PORT:-19461}" LIQBOT_BACKUPS__FOLDER=backups
liqbot doctor
# a database as an older version left it
python - "$root/tests/store/landed" <<'OLD'
import sqlite3
import sys
from pathlib import Path

oldest = sorted(Path(sys.argv[1]).glob("*.sql"))[0]
connection = sqlite3.connect("liqbot.db")
connection.executescript(oldest.read_text())
connection.close()
print(f"upgraded from {oldest.stem}")
OLD
liqbot run --serve 2> log &
bot=$!
for _ in $(seq 120); do
  sleep 0.5
  test -n "$(ls backups 2>/dev/null)" && grep -q bot_started log && break
done
python -c "
import urllib.request as u, os
port = os.environ['LIQBOT_METRICS_PORT']
figures = u.urlopen(f'http://127.0.0.1:{port}/metrics', timeout=5).read().decode()
assert 'liqbot_build_info' in figures, figures[:200]"
kill -TERM $bot
wait $bot
grep -q bot_stopped log
liqbot db check
liqbot db restore backups/liqbot-*.db
liqbot db check
echo "packaged: built, installed, set up, run as a service, upgraded and restored"

#!/bin/sh
# Build sdist and wheel, install the wheel into an empty environment outside the repository, and use it as a newcomer
# does: version, help, setup, doctor, a tour, older databases brought up to date, a backup put back.
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
# an upgrade from the previous commit, as an operator makes it: of HEAD itself where something is not committed
before=$(cd "$root" && git rev-parse --verify --quiet \
  "HEAD$(test -n "$(git status --porcelain)" || echo '~1')^{commit}" 2> /dev/null) || before=""
if [ -n "$before" ]; then
  mkdir "$home/before" "$home/before/source" "$home/before/work"
  (cd "$root" && git archive "$before") | tar -xf - -C "$home/before/source"
  (cd "$home/before/source" && "$root/.venv/bin/python" -m hatchling build -t wheel -d "$home/before/dist" > /dev/null)
  "$python" -m venv "$home/before/env"
  install="$home/before/env/bin/python -m pip install --quiet --disable-pip-version-check"
  if cmp -s "$root/requirements.txt" "$home/before/source/requirements.txt"; then
    # it stands on the same packages: they are not installed once more
    python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
      > "$("$home/before/env/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/shared.pth"
  else
    $install --constraint "$home/before/source/requirements.txt" "$home"/before/dist/*.whl
    packages="$install --upgrade --constraint '$root/requirements.txt' '$home'/dist/*.whl"
  fi
  $install --force-reinstall --no-deps "$home"/before/dist/*.whl
  (
    cd "$home/before/work"
    unset LIQBOT_WEB__PORT LIQBOT_METRICS_PORT LIQBOT_BACKUPS__FOLDER
    PYTHONPATH="$root/tests" "$root/.venv/bin/python" "$root/tests/upgraded.py" "$home/before/env/bin" \
      sh -c "${packages:-true} && $install --force-reinstall --no-deps '$home'/dist/*.whl"
  )
  upgraded="upgraded from the oldest and from $(cd "$root" && git rev-parse --short "$before")"
else
  echo "packaged: SKIPPED the upgrade from the previous commit: no git history here, or a shallow clone" >&2
  upgraded="upgraded from the oldest"
fi
echo "packaged: built, installed, set up, run as a service, $upgraded, and restored"

#!/bin/sh
# Print in which folder PostgreSQL's programs are; where there are none, install Debian's.
set -eu
newest() {
  for folder in "${POSTGRESQL_BIN:-}" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) \
    "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")"; do
    if [ -n "$folder" ] && [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      echo "$folder"
      return
    fi
  done
  return 1
}
newest && exit
[ "${1:-}" = "--installed" ] && exit 1
SUDO=""
[ "$(id -u)" = 0 ] || SUDO=sudo
export DEBIAN_FRONTEND=noninteractive
# No cluster of the system's: the tests make one of their own, and remove it.
$SUDO mkdir -p /etc/postgresql-common/createcluster.d >&2
echo "create_main_cluster = false" | $SUDO tee /etc/postgresql-common/createcluster.d/liqbot.conf >/dev/null
$SUDO apt-get update -qq -o Acquire::Retries=3 >&2
$SUDO apt-get install -y -qq -o Acquire::Retries=3 --no-install-recommends postgresql >&2
newest

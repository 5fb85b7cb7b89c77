#!/bin/sh
# Print where promtool is; where there is none, take it out of Debian's package, without installing a service.
set -eu
if [ -n "${PROMTOOL:-}" ] || command -v promtool > /dev/null 2>&1; then
  command -v "${PROMTOOL:-promtool}"
  exit
fi
folder=$(cd "$(dirname "$0")/../.." && pwd)/.venv/promtool
if [ ! -x "$folder/usr/bin/promtool" ]; then
  mkdir -p "$folder"
  cd "$folder"
  apt-get download -qq -o Acquire::Retries=3 prometheus >&2
  dpkg-deb --extract prometheus_*.deb .
  rm prometheus_*.deb
fi
echo "$folder/usr/bin/promtool"

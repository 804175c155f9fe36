#!/bin/sh
# need.sh PACKAGE PROGRAM...
# Makes sure that one of the programs is there: as root on Debian it installs
# the package, otherwise it says what to install.
set -e
package=$1
shift
for program; do
	if command -v "$program" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing $package"
	apt-get -qq update
	DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" >/dev/null
	exit 0
fi
echo "$1 is missing: install it (on Debian: sudo apt-get install $package)" >&2
exit 1

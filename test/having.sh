#!/bin/sh
# having.sh PATTERN
# Lists the packages with a test file that has a function named so.
grep -rlE --include='*_test.go' "^func $1" cmd functions infra shared test | xargs -n1 dirname | sort -u | sed 's|^|./|'

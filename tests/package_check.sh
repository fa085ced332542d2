#!/usr/bin/env bash
# package_check.sh BUILD: installs finwait from its build tree into a folder of its own, builds docs/template
# against that and checks its stack, as it is and with the fault that can be planted in it.
# Exit status: 0 all well, 1 something is not as it should be.
set -euo pipefail

build=$1
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "package_check: $*" >&2
  exit 1
}

# expect STATUS TEXT COMMAND...: it ends with the status and prints the text.
expect() {
  local status=$1 text=$2 got=0 out
  shift 2
  out=$("$@" 2>&1) || got=$?
  [[ $got -eq $status ]] || fail "expected exit status $status of \"$*\", found $got:"$'\n'"$out"
  [[ $out == *"$text"* ]] || fail "expected \"$text\" from \"$*\", found:"$'\n'"$out"
}

# Moved after it was installed: nothing may depend on where it was built or put first.
cmake --install "$build" --prefix "$folder/first" >"$folder/log" || fail "$(cat "$folder/log")"
mv "$folder/first" "$folder/usr"
! grep -rlF -e "$source/" -e "$folder/first" "$folder"/usr/lib*/ --include='*.cmake' ||
  fail "the CMake package names folders of the build"
cp -r "$source/docs/template" "$folder/tiny"
cd "$folder/tiny"

make_tiny() {
  { cmake -B "$folder/build" -DCMAKE_PREFIX_PATH="$folder/usr" "$@" && cmake --build "$folder/build"; } \
    >"$folder/log" 2>&1 || fail "$(cat "$folder/log")"
}
tiny=$folder/build/tiny_finwait

make_tiny
expect 0 'tiny 1.0: 300 cases' "$tiny" run tiny --cases 300
expect 0 'a host on which no port is open' "$tiny" list --stacks
expect 3 'the program finwait has it' "$tiny" run lwip
(cd "$folder/build" && ctest >"$folder/log") || fail "$(cat "$folder/log")"

make_tiny -DTINY_ANSWERS_RESETS=ON
expect 1 'NEW 3.10.7.1/' "$tiny" run tiny --cases 300
trace=$(echo traces/tiny/*.pkt)
[[ -f $trace ]] || fail "expected one trace in traces/tiny/, found: $trace"
expect 0 'reproduced' "$tiny" replay "$trace"
expect 0 'traces/tiny/expectations.txt' "$tiny" accept tiny --reason 'planted'
expect 0 '0 new' "$tiny" run tiny --cases 300

make_tiny -DTINY_ANSWERS_RESETS=OFF
expect 1 'FIXED' "$tiny" run tiny --cases 300

# The data that came with it are read, and not those of the source tree.
sed -i 's/^### /### as installed: /' "$folder"/usr/share/finwait/docs/readings.md
expect 0 'as installed: ' "$folder/usr/bin/finwait" explain 3.10.7.4/unacceptable-is-acked
expect 0 'as installed: ' "$tiny" explain 3.10.7.4/unacceptable-is-acked
echo 'finwait is installed, found, and checks a stack that is not its own'

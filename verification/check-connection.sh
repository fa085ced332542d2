#!/usr/bin/env bash
# check-connection.sh: checks connection.pml, a description of TCP's connection states in Promela, with Spin.
#
# usage: verification/check-connection.sh [--capacity K] [SCENARIO]...    all four scenarios by default
#        verification/check-connection.sh [--capacity K] --pairs SCENARIO prints the reachable pairs of states only
#        verification/check-connection.sh --faults                        every planted fault has to be found
#
# SCENARIO: 1 client-server, 2 simultaneous, 3 client-server-aborts, 4 simultaneous-aborts, by number or name.
# K: segments in flight at most, each way: 1, 2 (default) or more. The pairs are compared with pairs/SCENARIO.txt.
# CC names the compiler (default cc). Every search is exhaustive, with exact storage and without reduction.
# Exit status: 0 all holds (or every fault was found), 1 not so, 3 usage, 4 something is missing or has failed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here names=(_ client-server simultaneous client-server-aborts simultaneous-aborts)
readonly depth_limit=1000000
compiler=${CC:-cc}

# fault|scenario|checked with|what is planted|what has to be said
readonly faults=(
  '1|1|safety|text that was taken already is taken again|sent&&!(t[_pid].got)'
  '2|1|safety|a FIN is taken out of order|t[_pid].got==t[(1-_pid)].sent'
  '3|1|safety|text is sent that no user has SENT|sent&&!(t[_pid].got)'
  '4|1|safety|a SYN,ACK acknowledges the text of the SYN unread|(t[_pid].st==4)&&(t[(1-_pid)].st==4)'
  '5|1|safety|CLOSED answers a RST with a RST|((out&256)&&((seg&256)!=0))'
  '6|1|safety|the FIN counts for two numbers|<=t[(1-_pid)].nxt'
  '7|1|safety|the SYN,ACK has another number than ISS|((seg&15)==(1+(5*(1-_pid))))'
  '8|3|safety|a RST ends the connection and nobody is told|(t[_pid].st<8)'
  '9|2|opened|SYN-SENT ignores a SYN without ACK|acceptance cycle'
  '10|2|closed|CLOSING ignores the ACK of its FIN|acceptance cycle'
  '11|2|pairs|CLOSING goes to CLOSED, not to TIME-WAIT|TIME-WAIT TIME-WAIT'
  '12|1|quiet|text is not retransmitted|acceptance cycle'
  '13|1|safety|the text of a SYN is given to the user in LISTEN|t[_pid].una>'
)

say() { echo "check-connection: $*"; }
fail() { say "$2" >&2; exit "$1"; }
usage() {
  [[ -z ${1:-} ]] || say "$1" >&2
  sed -n 's/^# \{0,1\}//; /^usage:/,/^Exit status/p' "${BASH_SOURCE[0]}" >&2
  exit 3
}

number_of() {
  local number
  for number in 1 2 3 4; do
    if [[ $1 == "$number" || $1 == "${names[number]}" ]]; then
      echo "$number"
      return
    fi
  done
  usage "no scenario '$1'"
}

need() {
  command -v "$1" >/dev/null || fail 4 "$1 is missing: install the package '$2' (Debian: apt-get install $2)"
}

# build PROGRAM DEFINITIONS_FOR_SPIN OPTIONS_FOR_THE_COMPILER: Spin's verifier of the model, compiled. More than -O1
# takes longer to compile than it saves.
build() {
  local program=$1 folder
  folder=$(mktemp -d "$work/XXXXXX")
  # shellcheck disable=SC2086 # both are lists of words
  (cd "$folder" && spin $2 -a "$here/connection.pml" >spin.log 2>&1) ||
    fail 4 "spin $2 -a connection.pml has failed: $(cat "$folder/spin.log")"
  # shellcheck disable=SC2086
  (cd "$folder" && "$compiler" -w -DNOREDUCE $3 -o "$program" pan.c >cc.log 2>&1) ||
    fail 4 "$compiler has failed on what spin $2 wrote: $(cat "$folder/cc.log")"
}

# search PROGRAM LOG OPTIONS...: one search; its trail, if it finds an error, stays in the working folder.
search() {
  local program=$1 log=$2
  shift 2
  (cd "$work" && "$program" "$@" -m"$depth_limit" -w24 >"$log" 2>&1) || true
  grep -q 'errors: [0-9]' "$log" || fail 4 "the search has not come to its end: $(tail -n 5 "$log")"
}

found_error() { ! grep -q 'errors: 0$' "$1"; }
is_complete() { ! grep -Eq 'Search not completed|max search depth too small' "$1"; }
pairs_of() { sed -n 's/^pair: //p' "$1" | LC_ALL=C sort; }

# "N states, depth D, T s" of a search.
figures() {
  awk '/States=/ { next }
       / states, stored/ { states = $1 }
       /depth reached/ { sub(/.*depth reached /, ""); depth = $1 + 0 }
       /elapsed time/ { seconds = $4 }
       END { printf "%d states, depth %d, %s s", states, depth, seconds }' "$1"
}

# Says what failed, and how it came about.
explain() {
  local program=$1 log=$2
  shift 2
  grep -E '^pan:[0-9]*: ' "$log" || true
  (cd "$work" && timeout 60 "$program" -r connection.pml.trail -S "$@" 2>/dev/null) |
    sed -n 's/^step: /  /p; /START OF CYCLE/p' | head -n 300 || true
}

# verdict TITLE PROGRAM LOG OPTIONS...: searches, and says how it went; false if a property fails.
verdict() {
  local title=$1 program=$2 log=$3
  shift 3
  search "$program" "$log" "$@"
  if found_error "$log"; then
    say "$title: FAILS after $(figures "$log")"
    explain "$program" "$log" "$@"
    return 1
  fi
  is_complete "$log" || fail 4 "$title: the search was cut off: $(grep -E 'max search|Warning' "$log" | head -n 2)"
  say "$title: holds, $(figures "$log")"
}

check_pairs() {
  local scenario=$1 log=$2 saved="$here/pairs/${names[$1]}.txt"
  [[ -r $saved ]] || fail 4 "$saved is missing: write it with check-connection.sh --pairs ${names[scenario]}"
  if ! diff -u --label "pairs/${names[scenario]}.txt" --label "reached" "$saved" <(pairs_of "$log"); then
    say "${names[scenario]}: the pairs of states are not those of pairs/${names[scenario]}.txt"
    return 1
  fi
  say "${names[scenario]}: $(wc -l <"$saved") pairs of states, those of pairs/${names[scenario]}.txt"
}

check_scenario() {
  local scenario=$1 name=${names[$1]} defines="-DSCENARIO=$1 -DCAPACITY=$capacity" status=0
  build "$work/safe" "$defines" "-O1 -DSAFETY"
  verdict "$name, safety" "$work/safe" "$work/safe.log" || status=1
  [[ $status -ne 0 ]] || check_pairs "$scenario" "$work/safe.log" || status=1
  build "$work/live" "$defines -DLIVENESS" "-O1"
  verdict "$name, liveness" "$work/live" "$work/live.log" -a -N settled || status=1
  return "$status"
}

print_pairs() {
  build "$work/safe" "-DSCENARIO=$1 -DCAPACITY=$capacity" "-O1 -DSAFETY"
  search "$work/safe" "$work/safe.log"
  found_error "$work/safe.log" && fail 1 "a property fails: run check-connection.sh $1"
  is_complete "$work/safe.log" || fail 4 "the search was cut off"
  pairs_of "$work/safe.log"
}

# A fault is found if what the table expects is said, and nothing is without it (the other runs of this script).
check_fault() {
  local number scenario property what expected log="$work/fault.log" defines
  IFS='|' read -r number scenario property what expected <<<"$1"
  # The pairs are the same with one segment in flight, and there are fewer states.
  defines="-DSCENARIO=$scenario -DCAPACITY=$([[ $property == pairs ]] && echo 1 || echo 2) -DFAULT=$number"
  case $property in
    safety | pairs)
      build "$work/fault" "$defines" "-O0 -DSAFETY"
      search "$work/fault" "$log"
      ;;
    *)
      build "$work/fault" "$defines -DLIVENESS" "-O0"
      search "$work/fault" "$log" -a -N "$property"
      ;;
  esac
  if [[ $property == pairs ]]; then
    found_error "$log" && { say "fault $number, $what: another property fails"; return 1; }
    diff "$here/pairs/${names[scenario]}.txt" <(pairs_of "$log") >"$work/said" || true
  else
    grep -E '^pan:[0-9]*: ' "$log" | tr -d ' ' >"$work/said" || true
    expected=${expected// /}
  fi
  if grep -Fq -- "$expected" "$work/said"; then
    say "fault $number, $what: found ($property)"
  else
    say "fault $number, $what: NOT FOUND ($property, scenario $scenario): $(head -n 3 "$work/said")"
    return 1
  fi
}

mode=check
capacity=2
scenarios=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --faults) mode=faults ;;
    --pairs) mode=pairs ;;
    --capacity)
      [[ ${2:-} =~ ^[1-9]$ ]] || usage "--capacity needs a number from 1 to 9"
      capacity=$2
      shift
      ;;
    -*) usage "unknown option '$1'" ;;
    *) scenarios+=("$(number_of "$1")") ;;
  esac
  shift
done
case $mode in
  pairs) [[ ${#scenarios[@]} -eq 1 ]] || usage "--pairs needs one scenario" ;;
  faults) [[ ${#scenarios[@]} -eq 0 ]] || usage "--faults chooses its scenarios itself" ;;
esac
[[ ${#scenarios[@]} -gt 0 ]] || scenarios=(1 2 3 4)

need spin spin
need "$compiler" gcc
work=$(mktemp -d "${TMPDIR:-/tmp}/check-connection.XXXXXX")
trap 'rm -rf "$work"' EXIT

status=0
case $mode in
  pairs) print_pairs "${scenarios[0]}" ;;
  faults) for fault in "${faults[@]}"; do check_fault "$fault" || status=1; done ;;
  check) for scenario in "${scenarios[@]}"; do check_scenario "$scenario" || status=1; done ;;
esac
exit "$status"

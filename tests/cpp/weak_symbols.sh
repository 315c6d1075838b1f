#!/bin/sh
# weak_symbols.sh NM OBJECT...: exits with 1, and names them, if an object file has weak symbols.
#
# The linker keeps one copy of a weak symbol, from whichever object file comes first. A copy made
# for AVX would end a program on a processor without it, in code that has nothing to do with AVX.
nm=$1
shift
[ $# -gt 0 ] || exit 2
status=0
for object in "$@"; do
  symbols=$("$nm" -C "$object") || exit 2
  weak=$(printf '%s\n' "$symbols" | grep -E '^[^ ]* [VWu] ') || continue
  printf '%s:\n%s\n' "$object" "$weak"
  status=1
done
exit $status

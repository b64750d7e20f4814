#!/bin/sh
# The stories of a whole appliance in a virtual machine. Its disk is made first, which needs the network; the rest needs none,
# and runs in a network namespace of its own where it may: the time server's port is anybody's there.
set -eu
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
node test/vm/image.ts
stories='exec vitest run --config test/vm/vitest.config.ts "$@"'
if [ "$(id -u)" = 0 ] && unshare --net true 2>/dev/null; then
  exec unshare --net sh -c "ip link set lo up && $stories" sh "$@"
fi
exec sh -c "$stories" sh "$@"

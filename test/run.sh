#!/bin/sh
# Everything that this machine can run: format, lint, types, then all tests. Ends with a line "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
oxfmt --check && oxlint --type-aware --deny-warnings && tsc || exit 1
report=$(mktemp)
trap 'rm -f "$report"' EXIT
vitest run --config test/vitest.config.ts --reporter=default --reporter=json --outputFile.json="$report"
status=$?
node -e '
const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
for (const f of r.testResults) for (const t of f.assertionResults)
  if (t.status === "pending" || t.status === "skipped") console.log("skipped: " + t.fullName);
// A file whose set-up failed has no failed test of its own, but it failed.
const broken = r.testResults.filter((f) => f.status === "failed" && f.assertionResults.every((t) => t.status !== "failed"));
for (const f of broken) console.log("failed: " + f.name + ": " + f.message);
console.log(`${r.numPendingTests} skipped`);
console.log(`${r.numPassedTests} passed, ${r.numFailedTests + broken.length} failed`);
' "$report" || status=1
exit $status

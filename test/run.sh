#!/bin/sh
# Everything that this machine can run: format, lint, types, then all tests. Ends with a line "N passed, N failed".
# The real programs are tested one file at a time and mostly waited for: beside them, not after them, run all others, which give way.
set -u
cd "$(dirname "$0")/.." || exit
export PATH="$PWD/node_modules/.bin:$PATH"
oxfmt --check && oxlint --type-aware --deny-warnings && tsc || exit 1
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
tests="vitest run --config test/vitest.config.ts --reporter=default --reporter=json"
$tests --project integration --outputFile.json="$reports/real.json" >"$reports/real.log" 2>&1 &
real=$!
trap 'kill "$real"; exit 130' INT TERM
nice -n 5 $tests --project unit --project scenario --outputFile.json="$reports/own.json"
status=$?
wait "$real" || status=1
cat "$reports/real.log"
node -e '
const reports = process.argv.slice(1).map((file) => JSON.parse(require("fs").readFileSync(file, "utf8")));
const files = reports.flatMap((report) => report.testResults);
for (const f of files) for (const t of f.assertionResults)
  if (t.status === "pending" || t.status === "skipped") console.log("skipped: " + t.fullName);
// Failures come last, where a log that is cut still has them.
for (const f of files) for (const t of f.assertionResults)
  if (t.status === "failed") console.log("failed: " + f.name + ": " + t.fullName + "\n  " + t.failureMessages.join("\n").split("\n").slice(0, 12).join("\n  "));
// A file whose set-up failed has no failed test of its own, but it failed.
const broken = files.filter((f) => f.status === "failed" && f.assertionResults.every((t) => t.status !== "failed"));
for (const f of broken) console.log("failed: " + f.name + ": " + f.message);
const sum = (of) => reports.reduce((total, report) => total + report[of], 0);
console.log(`${sum("numPendingTests")} skipped`);
console.log(`${sum("numPassedTests")} passed, ${sum("numFailedTests") + broken.length} failed`);
' "$reports/own.json" "$reports/real.json" || status=1
exit $status

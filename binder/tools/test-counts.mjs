/**
 * Count the tests of a vitest JSON report.
 * @param report The report, or `undefined` when there is none.
 * @param code vitest's exit code.
 * @returns `passed`, `failed`, `failures`: a line for each, and `skipped`: the reason for each.
 */
export function countTests(report, code) {
  const files = report?.testResults ?? [];
  const tests = files.flatMap((file) => file.assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failed = tests.filter(({ status }) => status === 'failed').length;
  // A file that does not even load has no tests to fail; neither has an error outside of them.
  const broken = files.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const unseen = code !== 0 && failed + broken.length === 0 ? 1 : 0;
  const failures = [
    ...files.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => line(name, fullName, failureMessages?.[0])),
    ),
    ...broken.map(({ name, message }) => line(name, 'does not load', message)),
    ...(unseen ? [`vitest ended with ${code} without naming a test`] : []),
  ];
  const skipped = tests
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => /\(((?:needs|only) [^)]*)\)/.exec(fullName)?.[1] ?? 'switched off');
  return { passed, failed: failed + broken.length + unseen, failures, skipped };
}

function line(file, name, message = '') {
  const [first = ''] = message.split('\n');
  return `${file}: ${name}${first && `: ${first}`}`;
}

/** The last lines of a test run: what passed, what failed, and why what was skipped. */
export function describeCounts(counts) {
  const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
  const skipped = counts.flatMap((count) => count.skipped);
  const reasons = [...new Set(skipped)]
    .map((reason) => `${skipped.filter((each) => each === reason).length} ${reason}`)
    .join('; ');
  return [
    ...counts.flatMap(({ failures }) => failures.map((failure) => `failed: ${failure}`)),
    ...(skipped.length > 0 ? [`${skipped.length} skipped: ${reasons}`] : []),
    `${sum('passed')} passed, ${sum('failed')} failed`,
  ].join('\n');
}

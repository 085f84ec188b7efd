import { expect, it } from 'vitest';
import { countTests, describeCounts } from '../../binder/tools/test-counts.mjs';

const file = (status: string, tests: readonly [string, string][]) => ({
  status,
  name: 'some.test.ts',
  assertionResults: tests.map(([state, fullName]) => ({
    status: state,
    fullName,
    failureMessages: state === 'failed' ? ['expected 1 to be 2\n  at some.test.ts:3'] : [],
  })),
});

it('the last lines name what failed, say why tests were skipped and count all runs', () => {
  const unit = countTests(
    {
      testResults: [
        file('passed', [
          ['passed', 'a'],
          ['passed', 'b'],
          ['skipped', 'c equals the originals (needs ../shared/fixtures)'],
        ]),
        file('failed', [['failed', 'd']]),
      ],
    },
    1,
  );
  const other = countTests({ testResults: [file('passed', [['passed', 'e']])] }, 0);
  expect(describeCounts([unit, other])).toBe(
    'failed: some.test.ts: d: expected 1 to be 2\n1 skipped: 1 needs ../shared/fixtures\n3 passed, 1 failed',
  );
});

it('a file that does not load counts as failed', () => {
  const counts = countTests({ testResults: [file('failed', [])] }, 1);
  expect(describeCounts([counts])).toBe('failed: some.test.ts: does not load\n0 passed, 1 failed');
});

it('a run that fails without a failed test counts as failed', () => {
  expect(describeCounts([countTests(undefined, 1)])).toBe(
    'failed: vitest ended with 1 without naming a test\n0 passed, 1 failed',
  );
  const errorOutside = countTests({ testResults: [file('passed', [['passed', 'a']])] }, 1);
  expect(describeCounts([errorOutside])).toBe(
    'failed: vitest ended with 1 without naming a test\n1 passed, 1 failed',
  );
});

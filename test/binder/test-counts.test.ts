import { expect, it } from 'vitest';
import { countTests, describeCounts } from '../../binder/tools/test-counts.mjs';

const file = (status: string, tests: readonly [string, string][]) => ({
  status,
  assertionResults: tests.map(([state, fullName]) => ({ status: state, fullName })),
});

it('the last line counts the tests of all runs and says why some were skipped', () => {
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
    '1 skipped: 1 needs ../shared/fixtures\n3 passed, 1 failed',
  );
});

it('a file that does not load counts as failed', () => {
  const counts = countTests({ testResults: [file('failed', [])] }, 1);
  expect(describeCounts([counts])).toBe('0 passed, 1 failed');
});

it('a run that fails without a failed test counts as failed', () => {
  expect(describeCounts([countTests(undefined, 1)])).toBe('0 passed, 1 failed');
  const errorOutside = countTests({ testResults: [file('passed', [['passed', 'a']])] }, 1);
  expect(describeCounts([errorOutside])).toBe('1 passed, 1 failed');
});

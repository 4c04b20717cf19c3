/** promtool, which comes with Prometheus: checks rule files, and runs rules over series that a test makes up. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';

/** What promtool says; `ok` is whether it ended with 0. */
export async function promtool(...args: readonly string[]): Promise<{ readonly ok: boolean; readonly text: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)('promtool', args);
    return { ok: true, text: stdout + stderr };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { ok: false, text: stdout + stderr };
  }
}

/** Series, and at a time since their beginning whether an alert fires. */
export interface AlertCase {
  readonly alert: string;
  /** Values a minute apart, in promtool's notation, by series. */
  readonly series: Readonly<Record<string, string>>;
  /** Alerts that fire at a time such as 10m: their labels. */
  readonly at: string;
  readonly firing: readonly Readonly<Record<string, string>>[];
}

/** Runs cases over a rule file; returns what promtool says against them, '' if nothing. */
export async function testRules(ruleFile: string, cases: readonly AlertCase[]): Promise<string> {
  const folder = temporaryFolder('promtool');
  try {
    const file = join(folder, 'test.yaml');
    writeFileSync(file, stringify(testFile(ruleFile, cases), { lineWidth: 0 }));
    const { ok, text } = await promtool('test', 'rules', file);
    return ok ? '' : text;
  } finally {
    removeFolder(folder);
  }
}

/** Prometheus notes what fires as the series ALERTS, which says all that matters here: annotations are checked elsewhere. */
const testFile = (ruleFile: string, cases: readonly AlertCase[]) => ({
  rule_files: [ruleFile],
  evaluation_interval: '1m',
  tests: cases.map(({ alert, series, at, firing }) => ({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alert}",alertstate="firing"}`,
        eval_time: at,
        exp_samples: firing.map(labels => ({ labels: `ALERTS${braces(alert, labels)}`, value: 1 })),
      },
    ],
  })),
});

const braces = (alert: string, labels: Readonly<Record<string, string>>): string => {
  const all = { alertname: alert, alertstate: 'firing', ...labels };
  return `{${Object.entries(all).map(([name, value]) => `${name}="${value}"`)}}`;
};

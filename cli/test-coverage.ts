/** What the tests reach of rules: whether a rule is tested at all, and which branches of its CASE expressions were taken. */
import { compileRule } from '../rules/compile.ts';
import type { ObserveCase } from '../rules/compiler.ts';
import type { Ambient } from '../rules/scope.ts';
import type { Case } from '../rules/syntax.ts';

export interface BranchCoverage {
  /** As written: `WHEN payload.x > 7`, or `ELSE`. */
  readonly text: string;
  /** Where it stands in the SQL, in UTF-16 code units. */
  readonly offset: number;
  /** How often it was taken. */
  taken: number;
}

export class RuleCoverage {
  readonly name: string;
  /** Tests that ran. */
  tests = 0;
  /** Of those, the ones whose message made a row. */
  selected = 0;
  readonly #sql: string;
  readonly #branches = new Map<number, BranchCoverage[]>();

  /** @param sql must compile */
  constructor(name: string, sql: string, world: Partial<Ambient>) {
    this.name = name;
    this.#sql = sql;
    compileRule(sql, { ...world, knowsPublisher: true }, this.observe);
  }

  /** For `compileRule`. */
  readonly observe: ObserveCase = expression => {
    const known = this.#branches.get(expression.start) ?? branchesOf(this.#sql, expression);
    this.#branches.set(expression.start, known);
    return branch => {
      if (known[branch] !== undefined) known[branch].taken += 1;
    };
  };

  /** In the order of the SQL. */
  get branches(): readonly BranchCoverage[] {
    return [...this.#branches.values()].flat().sort((a, b) => a.offset - b.offset);
  }
}

const branchesOf = (sql: string, { branches, otherwise }: Case): BranchCoverage[] => {
  const conditions = branches.map(({ when }) => {
    return { text: `WHEN ${sql.slice(when.start, when.end)}`, offset: when.start, taken: 0 };
  });
  return otherwise === undefined ? conditions : [...conditions, { text: 'ELSE', offset: otherwise.start, taken: 0 }];
};

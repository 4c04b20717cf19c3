/**
 * Quantities, of which the API server has its own spelling: it answers `1000m` with `1`, and `0.5Gi` with `512Mi`.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

const factors: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** Whether both are quantities, and of the same value. */
export function sameQuantity(a: unknown, b: unknown): boolean {
  const [one, other] = [amount(a), amount(b)];
  if (one === undefined || other === undefined) return false;
  return Math.abs(one - other) <= 1e-12 * Math.max(Math.abs(one), Math.abs(other));
}

function amount(quantity: unknown): number | undefined {
  const [, digits, exponent, suffix = ''] =
    /^([+-]?[\d.]+)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(`${quantity}`) ?? [];
  const value = Number(`${digits}${exponent ?? ''}`) * (factors[suffix] ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

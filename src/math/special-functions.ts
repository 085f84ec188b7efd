// Gamma and beta functions and their incomplete forms, to about 1e-14 relative, tails included.
//   P(a, x) = γ(a, x)/Γ(a),  Q = 1 − P,  I_x(a, b) = B(x; a, b)/B(a, b)
// Series and Lentz's continued fractions (Gil, Segura & Temme 2007, "Numerical Methods for Special
// Functions", chapters 4–6); factors by saddle points (Loader 2000), so large a and b keep accuracy.

const EPS = 1e-17;
const TINY = 1e-300;
const EULER = 0.5772156649015329;
const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);

/** ζ(k) − 1 for k = 2, 3, …: coefficients of ln Γ around 1, summed with Euler–Maclaurin's remainder. */
const zetaMinusOne: readonly number[] = Array.from({ length: 40 }, (_, i) => {
  const k = i + 2;
  const n = 20;
  let sum = 0;
  for (let m = n - 1; m >= 2; m--) sum += m ** -k;
  return (
    sum +
    n ** (1 - k) / (k - 1) +
    n ** -k / 2 +
    (k * n ** (-k - 1)) / 12 -
    (k * (k + 1) * (k + 2) * n ** (-k - 3)) / 720 +
    (k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * n ** (-k - 5)) / 30240
  );
});

/**
 * Compute ln Γ(a).
 * @param a Greater than 0.
 */
export function logGamma(a: number): number {
  if (!(a > 0)) return a === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
  if (a >= 10) return (a - 0.5) * Math.log(a) - a + HALF_LOG_2PI + stirlingError(a);
  if (a >= 0.5 && a <= 1.5) return logGammaNearOne(a - 1);
  if (a < 0.5) return logGammaNearOne(a) - Math.log(a);
  let product = 1;
  let rest = a;
  while (rest > 1.5) {
    rest -= 1;
    product *= rest;
  }
  return Math.log(product) + logGammaNearOne(rest - 1);
}

/** ln Γ(1 + z) for |z| ≤ 1/2. */
function logGammaNearOne(z: number): number {
  let sum = 0;
  for (let i = zetaMinusOne.length - 1; i >= 0; i--) {
    const k = i + 2;
    sum = sum * -z + zetaMinusOne[i] / k;
  }
  return -Math.log1p(z) + z * (1 - EULER) + z * z * sum;
}

/** ln Γ(a) − [(a − ½) ln a − a + ½ ln 2π], the error of Stirling's formula. */
function stirlingError(a: number): number {
  if (a < 10) return logGamma(a) - ((a - 0.5) * Math.log(a) - a + HALF_LOG_2PI);
  const r = 1 / (a * a);
  return (
    (1 / 12 -
      r *
        (1 / 360 -
          r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360360 - r * (1 / 156))))))) /
    a
  );
}

/** ln(1 + t) − t without cancellation. */
function log1pMinus(t: number): number {
  if (t < -0.6 || t > 1.5) return Math.log1p(t) - t;
  const r = t / (2 + t);
  const r2 = r * r;
  let sum = 0;
  let power = r * r2;
  for (let k = 3; ; k += 2) {
    const term = power / k;
    sum += term;
    if (Math.abs(term) <= EPS * Math.abs(sum) || term === 0) break;
    power *= r2;
  }
  return 2 * sum - r * t;
}

/** ln of x^a·e^(−x)/Γ(a + 1). */
function logGammaFactor(a: number, x: number): number {
  if (a < 1e-3) return a * Math.log(x) - x - logGamma(a + 1);
  const ratio = x / a;
  const deviance = ratio < 0.4 ? Math.log(ratio) - ratio + 1 : log1pMinus((x - a) / a);
  return a * deviance - stirlingError(a) - HALF_LOG_2PI - 0.5 * Math.log(a);
}

/** ln P(a, x) by its series; for x < a + 1. */
function logLowerSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; term > EPS * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return logGammaFactor(a, x) + Math.log(sum);
}

/** ln Q(a, x) by its continued fraction; for x ≥ a + 1. */
function logUpperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 1_000_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 3e-16) break;
  }
  return logGammaFactor(a, x) + Math.log(a) + Math.log(h);
}

/**
 * Compute the regularised lower incomplete gamma function P(a, x).
 * @param a Greater than 0.
 * @param x At least 0.
 */
export function gammaP(a: number, x: number): number {
  return Math.exp(logGammaP(a, x));
}

/** Compute ln P(a, x), also where P itself underflows. */
export function logGammaP(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return 0;
  return x < a + 1 ? logLowerSeries(a, x) : logComplement(logUpperFraction(a, x));
}

/** Compute the regularised upper incomplete gamma function Q(a, x) = 1 − P(a, x). */
export function gammaQ(a: number, x: number): number {
  return Math.exp(logGammaQ(a, x));
}

/** Compute ln Q(a, x), also where Q itself underflows. */
export function logGammaQ(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0) return 0;
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  return x < a + 1 ? logComplement(logLowerSeries(a, x)) : logUpperFraction(a, x);
}

/** Compute ln B(a, b). */
export function logBeta(a: number, b: number): number {
  const s = a + b;
  if (a < 10 || b < 10) {
    const [small, large] = a < b ? [a, b] : [b, a];
    if (large < 10) return logGamma(small) + logGamma(large) - logGamma(s);
    // ln Γ(large) − ln Γ(large + small) by Stirling, whose large parts cancel in closed form.
    return (
      logGamma(small) +
      stirlingError(large) -
      stirlingError(s) +
      small -
      small * Math.log(s) -
      (large - 0.5) * Math.log1p(small / large)
    );
  }
  return (
    HALF_LOG_2PI +
    stirlingError(a) +
    stirlingError(b) -
    stirlingError(s) +
    (a - 0.5) * Math.log(a / s) +
    (b - 0.5) * Math.log(b / s) -
    0.5 * Math.log(s)
  );
}

/**
 * Compute the regularised incomplete beta function I_x(a, b).
 * @param x From 0 to 1.
 * @param a Greater than 0.
 * @param b Greater than 0.
 * @param y 1 − x, where it is known better than the difference tells.
 */
export function betaI(x: number, a: number, b: number, y: number = 1 - x): number {
  return Math.exp(logBetaI(x, a, b, y));
}

/** Compute ln I_x(a, b), also where I itself underflows. */
export function logBetaI(x: number, a: number, b: number, y: number = 1 - x): number {
  if (!(a > 0) || !(b > 0) || !(x >= 0) || !(y >= 0)) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (y === 0) return 0;
  return x * (a + b + 2) < a + 1
    ? logBetaFraction(x, y, a, b)
    : logComplement(logBetaFraction(y, x, b, a));
}

function logBetaFraction(x: number, y: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 1_000_000; m++) {
    const m2 = 2 * m;
    let f = (m * (b - m) * x) / ((a + m2 - 1) * (a + m2));
    d = 1 / nonZero(1 + f * d);
    c = nonZero(1 + f / c);
    h *= d * c;
    f = (-(a + m) * (a + b + m) * x) / ((a + m2) * (a + m2 + 1));
    d = 1 / nonZero(1 + f * d);
    c = nonZero(1 + f / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 3e-16) break;
  }
  return logBetaFactor(x, y, a, b) + Math.log(h) - Math.log(a);
}

/** ln of x^a·y^b/B(a, b), y = 1 − x. */
function logBetaFactor(x: number, y: number, a: number, b: number): number {
  if (a < 10 || b < 10) return a * Math.log(x) + b * logOf(y, x) - logBeta(a, b);
  const s = a + b;
  const u = (x * b - y * a) / a; // x·s/a − 1
  const v = (y * a - x * b) / b; // y·s/b − 1
  return (
    a * log1pMinus(u) +
    b * log1pMinus(v) +
    stirlingError(s) -
    stirlingError(a) -
    stirlingError(b) +
    0.5 * Math.log((a / s) * b) -
    HALF_LOG_2PI
  );
}

/** ln y, by way of 1 − y where that is the smaller. */
function logOf(y: number, x: number): number {
  return x < 0.5 ? Math.log1p(-x) : Math.log(y);
}

/** ln(1 − e^l) for l ≤ 0. */
export function logComplement(l: number): number {
  return l > -Math.LN2 ? Math.log(-Math.expm1(l)) : Math.log1p(-Math.exp(l));
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** Compute erf(x) = 2/√π · ∫₀ˣ e^(−t²) dt. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 2) return Math.sign(x) * (1 - erfc(a));
  // e^(−x²)·Σ 2ⁿx^(2n+1)/(2n+1)!!, all terms positive
  let term = a;
  let sum = a;
  for (let n = 1; term > EPS * sum; n++) {
    term *= (2 * a * a) / (2 * n + 1);
    sum += term;
  }
  return (Math.sign(x) * 2 * Math.exp(-a * a) * sum) / Math.sqrt(Math.PI);
}

/** Compute erfc(x) = 1 − erf(x), accurate in the right tail. */
export function erfc(x: number): number {
  if (x < 0.5) return 1 - erf(x);
  return Math.exp(-x * x) * scaledErfc(x);
}

/** Compute e^(x²)·erfc(x) for x ≥ 1/2. */
export function scaledErfc(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x < 2) {
    // e^(x²)·erfc(x) = 2/√π·∫₀^∞ e^(−t²−2xt) dt; the trapezoidal rule converges geometrically
    // once the pole term is added (Chiarella & Reichel 1968), h = 1/2.
    const h = 0.5;
    let sum = 1 / (x * x) / 2;
    for (let n = 1; n <= 13; n++) {
      const t = n * h;
      sum += Math.exp(-t * t) / (t * t + x * x);
    }
    const value = ((2 * h * x) / Math.PI) * sum;
    return value - (2 * Math.exp(x * x)) / Math.expm1((2 * Math.PI * x) / h);
  }
  // Laplace's continued fraction, by Lentz
  let c = x;
  let d = 0;
  let f = x;
  for (let k = 1; k < 500; k++) {
    d = 1 / (x + (k / 2) * d);
    c = x + k / 2 / c;
    const step = c * d;
    f *= step;
    if (Math.abs(step - 1) < 3e-16) break;
  }
  return 1 / (f * Math.sqrt(Math.PI));
}

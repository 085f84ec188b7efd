// Distribution functions, upper tails, their logarithms and quantiles: normal, chi-square, gamma,
// beta, Student's t and F, all through the incomplete gamma and beta functions.

import {
  betaI,
  erf,
  erfc,
  gammaP,
  gammaQ,
  logBetaI,
  logComplement,
  logGamma,
  logGammaP,
  logGammaQ,
  scaledErfc,
} from './special-functions.js';

const SQRT_HALF = Math.SQRT1_2;
const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);

/** The standard normal distribution function Φ(z). */
export function normalCdf(z: number): number {
  return normalTail(-z);
}

/** The upper tail 1 − Φ(z) of the standard normal distribution. */
export function normalTail(z: number): number {
  if (z < -0.7) return 1 - normalTail(-z);
  if (z < 0.7) return 0.5 * (1 - erf(z * SQRT_HALF));
  return z < 30 ? 0.5 * erfcOf(z) : Math.exp(logNormalTail(z));
}

/** ln(1 − Φ(z)), also where the tail itself underflows. */
export function logNormalTail(z: number): number {
  if (z < 1) return z < -1 ? Math.log1p(-normalTail(-z)) : Math.log(normalTail(z));
  return -0.5 * z * z + Math.log(0.5 * scaledErfc(z * SQRT_HALF));
}

/** erfc(z/√2), with e^(−z²/2) from the exact square of a rounded z and the rest. */
function erfcOf(z: number): number {
  if (z * SQRT_HALF < 0.5) return erfc(z * SQRT_HALF);
  const top = Math.round(z * 64) / 64;
  const rest = z - top;
  return (
    Math.exp(-0.5 * top * top) * Math.exp(-rest * (top + 0.5 * rest)) * scaledErfc(z * SQRT_HALF)
  );
}

/** The z with Φ(z) = p. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  return p < 0.5 ? -normalUpperQuantile(p) : normalUpperQuantile(1 - p);
}

/** The z whose upper tail 1 − Φ(z) is p; exact for small p too. */
export function normalUpperQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.POSITIVE_INFINITY;
  if (p === 1) return Number.NEGATIVE_INFINITY;
  if (p > 0.5) return -normalUpperQuantile(1 - p);
  if (p === 0.5) return 0;
  const logP = Math.log(p);
  // Hastings' approximation (Abramowitz & Stegun 26.2.23), then Newton on the logarithm of the tail
  const t = Math.sqrt(-2 * logP);
  let z =
    t -
    (2.515517 + t * (0.802853 + t * 0.010328)) /
      (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (let i = 0; i < 20; i++) {
    const l = logNormalTail(z);
    const hazard = Math.exp(-0.5 * z * z - HALF_LOG_2PI - l); // φ(z)/(1 − Φ(z))
    const step = (l - logP) / hazard;
    // second-order correction: d²/dz² of ln tail = −hazard·(hazard − z)
    const delta = step / (1 + 0.5 * step * (hazard - z));
    z += delta;
    if (Math.abs(delta) <= 1e-15 * Math.max(1, Math.abs(z))) break;
  }
  return z;
}

/** The distribution function of χ² with `df` degrees of freedom. */
export function chiSquareCdf(x: number, df: number): number {
  return x <= 0 ? 0 : gammaP(df / 2, x / 2);
}

/** The upper tail of χ²: the p-value of a statistic `x`. With 0 degrees of freedom it is 1. */
export function chiSquareTail(x: number, df: number): number {
  return x <= 0 || df === 0 ? 1 : gammaQ(df / 2, x / 2);
}

/** The logarithm of the upper tail of χ², also where the tail itself underflows. */
export function logChiSquareTail(x: number, df: number): number {
  return x <= 0 || df === 0 ? 0 : logGammaQ(df / 2, x / 2);
}

/** The x whose upper tail of χ² is p. */
export function chiSquareUpperQuantile(p: number, df: number): number {
  return 2 * gammaUpperQuantile(p, df / 2);
}

/** The x with distribution function p of χ². */
export function chiSquareQuantile(p: number, df: number): number {
  return 2 * gammaQuantile(p, df / 2);
}

/** The distribution function of the gamma distribution with this shape and scale. */
export function gammaCdf(x: number, shape: number, scale = 1): number {
  return x <= 0 ? 0 : gammaP(shape, x / scale);
}

/** The upper tail of the gamma distribution. */
export function gammaTail(x: number, shape: number, scale = 1): number {
  return x <= 0 ? 1 : gammaQ(shape, x / scale);
}

/** The logarithm of the upper tail of the gamma distribution. */
export function logGammaTail(x: number, shape: number, scale = 1): number {
  return x <= 0 ? 0 : logGammaQ(shape, x / scale);
}

/** The x with distribution function p of the gamma distribution. */
export function gammaQuantile(p: number, shape: number, scale = 1): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return 0;
  if (p === 1) return Number.POSITIVE_INFINITY;
  return scale * gammaRoot(shape, p < 0.5 ? Math.log(p) : Math.log1p(-p), p >= 0.5);
}

/** The x whose upper tail of the gamma distribution is p; exact for small p too. */
export function gammaUpperQuantile(p: number, shape: number, scale = 1): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.POSITIVE_INFINITY;
  if (p === 1) return 0;
  return scale * gammaRoot(shape, p <= 0.5 ? Math.log(p) : Math.log1p(-p), p <= 0.5);
}

/** Solve ln Q(a, x) = logP (upper) or ln P(a, x) = logP by Newton steps in ln x inside a bracket. */
function gammaRoot(a: number, logP: number, upper: boolean): number {
  const f = (x: number): number =>
    (upper ? -1 : 1) * ((upper ? logGammaQ : logGammaP)(a, x) - logP);
  // Wilson & Hilferty's cube, or the leading term of the lower series for small results
  const z = normalQuantile(Math.exp(logP)) * (upper ? -1 : 1);
  const wh = a * (1 - 1 / (9 * a) + z / (3 * Math.sqrt(a))) ** 3;
  let x = wh > 0.05 * a && Number.isFinite(wh) ? wh : Number.NaN;
  if (Number.isNaN(x)) x = upper ? a - logP : Math.exp((logP + Math.log(a) + logGamma(a)) / a);
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 200; i++) {
    const value = f(x);
    if (value === 0) return x;
    if (value < 0) low = Math.max(low, x);
    else high = Math.min(high, x);
    const logTail = (upper ? logGammaQ : logGammaP)(a, x);
    const logDensity = (a - 1) * Math.log(x) - x - logGamma(a);
    let next = x - value / Math.exp(logDensity - logTail);
    if (Math.abs(next - x) <= 2e-16 * x) return next;
    if (!(next > low && next < high)) {
      next = high === Number.POSITIVE_INFINITY ? x * 2 : (low + high) / 2;
      if (next === low || next === high) return x;
    }
    x = next;
  }
  return x;
}

/** The distribution function of the beta distribution. */
export function betaCdf(x: number, a: number, b: number): number {
  return x <= 0 ? 0 : x >= 1 ? 1 : betaI(x, a, b);
}

/** The upper tail of the beta distribution. */
export function betaTail(x: number, a: number, b: number): number {
  return x <= 0 ? 1 : x >= 1 ? 0 : betaI(1 - x, b, a, x);
}

/** The x with distribution function p of the beta distribution, by bisection and secant steps. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0 || p === 1) return p;
  if (p > betaI(0.5, a, b)) return 1 - betaRoot(Math.log1p(-p), b, a);
  return betaRoot(Math.log(p), a, b);
}

/** The x ≤ 1/2 with ln I_x(a, b) = logP, found in ln x, where the function is nearly straight. */
function betaRoot(logP: number, a: number, b: number): number {
  let low = -745 / Math.min(1, a);
  let high = Math.log(0.5);
  for (let i = 0; i < 200 && high - low > 4e-16 * Math.abs(low); i++) {
    const mid = (low + high) / 2;
    if (mid === low || mid === high) break;
    if (logBetaI(Math.exp(mid), a, b) < logP) low = mid;
    else high = mid;
  }
  return Math.exp((low + high) / 2);
}

/** The upper tail of Student's t with `df` degrees of freedom. */
export function studentTail(t: number, df: number): number {
  if (t < 0) return 1 - studentTail(-t, df);
  const s = df + t * t;
  return 0.5 * betaI(df / s, df / 2, 0.5, (t * t) / s);
}

/** The logarithm of the upper tail of Student's t. */
export function logStudentTail(t: number, df: number): number {
  if (t < 0) return logComplement(logStudentTail(-t, df));
  const s = df + t * t;
  return logBetaI(df / s, df / 2, 0.5, (t * t) / s) - Math.LN2;
}

/** The upper tail of Fisher's F with `df1` and `df2` degrees of freedom. */
export function fTail(f: number, df1: number, df2: number): number {
  if (f <= 0) return 1;
  const s = df2 + df1 * f;
  return betaI(df2 / s, df2 / 2, df1 / 2, (df1 * f) / s);
}

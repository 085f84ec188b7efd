// The loops of arrays.cc. src/tfm/adamw.ts, src/tfm/row-kernel.ts and src/tfm/kernel-ridge.ts have
// the same in TypeScript, for where these were not compiled; both give the same numbers to the last
// bit, as no two operations become one here (no fused multiply and add), whatever the width of registers.
// Only exponentials may differ in their last bit, and slopes, whose sums are in another order.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

// Vectors are passed between functions that become one only, so no warning of how they are passed.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"
#elif defined(__GNUC__)
#pragma GCC optimize("O3", "no-math-errno", "fp-contract=off")
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif
#define INLINE __attribute__((always_inline)) inline

namespace {

// Rows that go through a loop side by side.
constexpr int64_t kRows = 32;

struct Rates {
  double keep, rate, b1, b2, root, epsilon;
};

// One step of AdamW for numbers from … to, in double precision as JavaScript computes.
void adam_items(float* __restrict p, const float* __restrict g, float* __restrict m,
                float* __restrict v, Rates r, int64_t from, int64_t to) {
  const double c1 = 1 - r.b1, c2 = 1 - r.b2;
  for (int64_t i = from; i < to; i++) {
    const double slope = g[i];
    const float first = static_cast<float>(r.b1 * m[i] + c1 * slope);
    const float second = static_cast<float>(r.b2 * v[i] + c2 * slope * slope);
    m[i] = first;
    v[i] = second;
    p[i] = static_cast<float>(
        p[i] * r.keep - (r.rate * first) / (std::sqrt(static_cast<double>(second)) / r.root + r.epsilon));
  }
}

// Eight numbers at once; compilers turn them into whatever the machine has.
typedef double Eight __attribute__((vector_size(64)));
typedef int64_t Eights __attribute__((vector_size(64)));

INLINE Eight load(const double* from) {
  Eight v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

INLINE void store(double* to, Eight v) { std::memcpy(to, &v, sizeof(v)); }

// e^x for eight x <= 0 in place, to the last bit or two: 2^n by the exponent's bits, e^r by a polynomial
// on |r| <= ln(2)/2. Below the smallest normal number it is 0.
INLINE void exponential(double* at) {
  const Eight x = load(at);
  const Eight shifted = x * 1.4426950408889634 + 6755399441055744.0;  // rounds to the nearest integer
  const Eight n = shifted - 6755399441055744.0;
  const Eight r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  Eight p = r * (1.0 / 6227020800) + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r * r + r + 1.0;
  const Eight power = (Eight)(((Eights)shifted << 52) + 0x3ff0000000000000);
  store(at, x < -708.0 ? Eight{} : p * power);
}

// Kernel values of rows from … to with other rows (column by column: width × count), for each reach a
// matrix rows × count. Of rows compared with themselves, only those up to the row itself.
WIDE void compare_items(const double* rows, const double* turned, const double* reaches, double* out,
                        int64_t matrices, int64_t all, int64_t count, int64_t width, bool same, int64_t from,
                        int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const double* point = rows + i * width;
    const int64_t last = same ? i + 1 : count;
    for (int64_t first = 0; first < last; first += kRows) {
      const int64_t own = std::min(kRows, count - first);
      double products[kRows] = {}, squares[kRows] = {}, distances[kRows] = {};
      for (int64_t k = 0; k < width; k++) {
        const double* column = turned + k * count + first;
        const double at = point[k];
        // Twice the same, as only a loop whose length is known stays in registers.
        if (own == kRows) {
          for (int64_t r = 0; r < kRows; r++) {
            const double difference = column[r] - at;
            products[r] += column[r] * at;
            squares[r] += difference * difference;
            distances[r] += std::fabs(difference);
          }
        } else {
          for (int64_t r = 0; r < own; r++) {
            const double difference = column[r] - at;
            products[r] += column[r] * at;
            squares[r] += difference * difference;
            distances[r] += std::fabs(difference);
          }
        }
      }
      for (int64_t m = 0; m < matrices; m++) {
        const double far = reaches[m] * width;
        double smooth[kRows], steep[kRows];
        for (int64_t r = 0; r < kRows; r++) smooth[r] = -squares[r] / far;
        for (int64_t r = 0; r < kRows; r++) steep[r] = -distances[r] / far;
        for (int64_t r = 0; r < kRows; r += 8) exponential(smooth + r), exponential(steep + r);
        double* __restrict values = out + (m * all + i) * count + first;
        for (int64_t r = 0; r < own; r++)
          values[r] = 0.5 * reaches[m] * products[r] / width + smooth[r] + steep[r];
      }
    }
  }
}

// Rows and columns of a tile of a product that stays in registers.
constexpr int64_t kTile = 8, kWide = 16;

// Take from kTile × kWide numbers of c the sums over k from … to of a[i·a_next + k·a_stride]·b[k][j].
INLINE void take(double* c, int64_t c_stride, const double* a, int64_t a_next, int64_t a_stride, const double* b,
                 int64_t b_stride, int64_t from, int64_t to) {
  Eight left[kTile], right[kTile];
  for (int64_t i = 0; i < kTile; i++) left[i] = load(c + i * c_stride), right[i] = load(c + i * c_stride + 8);
  for (int64_t k = from; k < to; k++) {
    const Eight l = load(b + k * b_stride), r = load(b + k * b_stride + 8);
    for (int64_t i = 0; i < kTile; i++) {
      const double weight = a[i * a_next + k * a_stride];
      left[i] -= weight * l;
      right[i] -= weight * r;
    }
  }
  for (int64_t i = 0; i < kTile; i++) store(c + i * c_stride, left[i]), store(c + i * c_stride + 8, right[i]);
}

// Inverse of the Cholesky factor of a matrix whose lower triangle is read: n × n numbers with rows of
// `size`, a multiple of kWide, are worked in. Returns whether the matrix is positive definite.
// Sums run over rising k, one after the other, as in TypeScript.
WIDE bool invert_factor(const double* __restrict matrix, double* __restrict l, double* __restrict inverse, int64_t n,
                        int64_t size) {
  std::fill(l, l + size * size, 0);
  for (int64_t i = 0; i < n; i++) std::copy(matrix + i * n, matrix + i * n + i + 1, l + i * size);
  for (int64_t i = n; i < size; i++) l[i * size + i] = 1;
  std::vector<double> panel(kWide * size);
  double* __restrict turned = panel.data();
  for (int64_t p = 0; p < size; p += kWide) {
    // The columns p … p + kWide, turned so that one of them lies in a row.
    for (int64_t i = p; i < size; i++)
      for (int64_t k = 0; k < kWide; k++) turned[k * size + i] = l[i * size + p + k];
    for (int64_t j = 0; j < kWide; j++) {
      double* __restrict column = turned + j * size;
      for (int64_t k = 0; k < j; k++) {
        const double* other = turned + k * size;
        const double weight = other[p + j];
        for (int64_t i = p + j; i < size; i++) column[i] -= weight * other[i];
      }
      if (!(column[p + j] > 1e-12 * std::fabs(matrix[std::min(p + j, n - 1) * (n + 1)])) && p + j < n) return false;
      const double pivot = std::sqrt(column[p + j]);
      for (int64_t i = p + j; i < size; i++) column[i] /= pivot;
      column[p + j] = pivot;
    }
    for (int64_t i = p; i < size; i++)
      for (int64_t k = 0; k < kWide; k++) l[i * size + p + k] = i >= p + k ? turned[k * size + i] : 0;
    for (int64_t i = p + kWide; i < size; i += kTile)
      for (int64_t j = p + kWide; j <= i; j += kWide)
        take(l + i * size + j, size, turned + i, 1, size, turned + j, size, 0, kWide);
  }
  std::fill(inverse, inverse + size * size, 0);
  for (int64_t p = 0; p < size; p += kWide) {
    for (int64_t i = p; i < p + kWide; i++) inverse[i * size + i] = 1;
    for (int64_t j = 0; j < p; j += kWide)
      for (int64_t i = p; i < p + kWide; i += kTile)
        take(inverse + i * size + j, size, l + i * size, size, 1, inverse + j, size, j, p);
    for (int64_t i = p; i < p + kWide; i++) {
      double* __restrict row = inverse + i * size;
      for (int64_t k = p; k < i; k++) {
        const double weight = l[i * size + k];
        const double* other = inverse + k * size;
        for (int64_t j = 0; j < p + kWide; j++) row[j] -= weight * other[j];
      }
      const double pivot = l[i * size + i];
      for (int64_t j = 0; j < p + kWide; j++) row[j] /= pivot;
    }
  }
  return true;
}

// The diagonal of A⁻¹ and A⁻¹·right (n × m), both zero before, from M = L⁻¹ where A = L·Lᵀ: A⁻¹ = Mᵀ·M.
WIDE void solve_items(const double* __restrict inverse, const double* __restrict right, double* __restrict diagonal,
                      double* __restrict solutions, int64_t n, int64_t m, int64_t size) {
  std::vector<double> values(m), sums(n * m);
  for (int64_t i = 0; i < n; i++) {
    const double* row = inverse + i * size;
    for (int64_t j = 0; j <= i; j++) diagonal[j] += row[j] * row[j];
    std::fill(values.begin(), values.end(), 0);
    for (int64_t j = 0; j <= i; j++)
      for (int64_t k = 0; k < m; k++) values[k] += row[j] * right[j * m + k];
    for (int64_t k = 0; k < m; k++) {
      double* __restrict sum = sums.data() + k * n;
      const double value = values[k];
      for (int64_t j = 0; j <= i; j++) sum[j] += row[j] * value;
    }
  }
  for (int64_t k = 0; k < m; k++)
    for (int64_t i = 0; i < n; i++) solutions[i * m + k] = sums[k * n + i];
}

// Squared slopes of sums of kernels at points from … to, summed over the outputs.
WIDE void slope_items(const double* __restrict points, const double* __restrict landmarks,
                      const double* __restrict weights, const double* __restrict straight, double* __restrict out,
                      int64_t rank, int64_t width, int64_t outputs, double reach, int64_t from, int64_t to) {
  const double far = reach * width;
  // Landmarks column by column, with some that weigh nothing to fill the last eight.
  const int64_t size = (rank + 7) / 8 * 8;
  std::vector<double> turned(size * width), counts(size * outputs), smooth(size), steep(size), even(size), bent(size);
  for (int64_t k = 0; k < rank; k++) {
    for (int64_t j = 0; j < width; j++) turned[j * size + k] = landmarks[k * width + j];
    for (int64_t o = 0; o < outputs; o++) counts[o * size + k] = weights[k * outputs + o];
  }
  for (int64_t n = from; n < to; n++) {
    const double* point = points + n * width;
    std::fill(smooth.begin(), smooth.end(), 0);
    std::fill(steep.begin(), steep.end(), 0);
    double* __restrict squares = smooth.data();
    double* __restrict distances = steep.data();
    for (int64_t j = 0; j < width; j++) {
      const double* column = turned.data() + j * size;
      for (int64_t k = 0; k < size; k++) {
        const double difference = point[j] - column[k];
        squares[k] += difference * difference;
        distances[k] += std::fabs(difference);
      }
    }
    for (int64_t k = 0; k < size; k++) squares[k] = -squares[k] / far;
    for (int64_t k = 0; k < size; k++) distances[k] = -distances[k] / far;
    for (int64_t k = 0; k < size; k += 8) exponential(squares + k), exponential(distances + k);
    for (int64_t o = 0; o < outputs; o++) {
      const double* count = counts.data() + o * size;
      double* __restrict evens = even.data();
      double* __restrict bents = bent.data();
      for (int64_t k = 0; k < size; k++) evens[k] = 2 * squares[k] / far * count[k];
      for (int64_t k = 0; k < size; k++) bents[k] = distances[k] / far * count[k];
      for (int64_t j = 0; j < width; j++) {
        const double* column = turned.data() + j * size;
        Eight sums = {};
        for (int64_t k = 0; k < size; k += 8) {
          const Eight difference = point[j] - load(column + k), jump = load(bents + k);
          sums += load(evens + k) * difference;
          sums += difference > 0 ? jump : difference < 0 ? -jump : Eight{};
        }
        double slope = straight[o * width + j];
        for (int64_t lane = 0; lane < 8; lane++) slope -= sums[lane];
        out[n * width + j] += slope * slope;
      }
    }
  }
}

}  // namespace

// The loops of arrays.cc. src/tfm/adamw.ts, src/tfm/leave-one-out-ridge.ts and src/tfm/kernel-features.ts
// have the same in TypeScript, for where these were not compiled; both give the same numbers to the last
// bit, as no two operations become one here (no fused multiply and add), whatever the width of registers.
// Only exponentials may differ in their last bit.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("O3", "no-math-errno", "fp-contract=off")
#endif

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

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

// Squared lengths of v = L⁻¹·z for rows z from … to, L lower triangular and n × n, and vᵀ·right: n × m.
WIDE void solve_items(const double* __restrict lower, const double* __restrict z, const double* __restrict right,
                      double* __restrict squares, double* __restrict products, int64_t n, int64_t m, int64_t from,
                      int64_t to) {
  std::vector<double> solved(n * kRows), sums(m * kRows);
  for (int64_t first = from; first < to; first += kRows) {
    const int64_t own = std::min(kRows, to - first);
    for (int64_t b = 0; b < n; b++)
      for (int64_t r = 0; r < kRows; r++) solved[b * kRows + r] = r < own ? z[(first + r) * n + b] : 0;
    std::fill(sums.begin(), sums.end(), 0);
    double lengths[kRows] = {};
    for (int64_t a = 0; a < n; a++) {
      double values[kRows];
      for (int64_t r = 0; r < kRows; r++) values[r] = solved[a * kRows + r];
      for (int64_t b = 0; b < a; b++) {
        const double weight = lower[a * n + b];
        for (int64_t r = 0; r < kRows; r++) values[r] -= weight * solved[b * kRows + r];
      }
      const double pivot = lower[a * n + a];
      for (int64_t r = 0; r < kRows; r++) {
        values[r] /= pivot;
        solved[a * kRows + r] = values[r];
        lengths[r] += values[r] * values[r];
      }
      for (int64_t k = 0; k < m; k++) {
        double* __restrict sum = sums.data() + k * kRows;
        const double weight = right[a * m + k];
        for (int64_t r = 0; r < kRows; r++) sum[r] += values[r] * weight;
      }
    }
    for (int64_t r = 0; r < own; r++) {
      squares[first + r] = lengths[r];
      for (int64_t k = 0; k < m; k++) products[(first + r) * m + k] = sums[k * kRows + r];
    }
  }
}

// Rows from … to of the lower triangle of zᵀz, n × n; four rows of z at once, as in TypeScript.
WIDE void gram_items(const double* __restrict z, double* __restrict gram, int64_t rows, int64_t n, int64_t from,
                     int64_t to) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const double *p = z + i * n, *q = p + n, *r = q + n, *s = r + n;
    for (int64_t a = from; a < to; a++) {
      double* out = gram + a * n;
      const double wp = p[a], wq = q[a], wr = r[a], ws = s[a];
      for (int64_t b = 0; b <= a; b++) out[b] += wp * p[b] + wq * q[b] + wr * r[b] + ws * s[b];
    }
  }
  for (; i < rows; i++)
    for (int64_t a = from; a < to; a++)
      for (int64_t b = 0; b <= a; b++) gram[a * n + b] += z[i * n + a] * z[i * n + b];
}

// Kernel values of rows (column by column: width × rows) with a point.
WIDE void compare_items(const double* __restrict turned, const double* __restrict point, double* __restrict out,
                        int64_t rows, int64_t width, double reach) {
  const double far = reach * width;
  for (int64_t first = 0; first < rows; first += kRows) {
    const int64_t own = std::min(kRows, rows - first);
    double products[kRows] = {}, squares[kRows] = {}, distances[kRows] = {};
    for (int64_t k = 0; k < width; k++) {
      const double* column = turned + k * rows + first;
      const double at = point[k];
      for (int64_t r = 0; r < own; r++) {
        const double difference = column[r] - at;
        products[r] += column[r] * at;
        squares[r] += difference * difference;
        distances[r] += std::fabs(difference);
      }
    }
    for (int64_t r = 0; r < own; r++)
      out[first + r] =
          0.5 * reach * products[r] / width + std::exp(-squares[r] / far) + std::exp(-distances[r] / far);
  }
}

// Take from column `rank` (each of `rows` numbers) what the earlier ones explain of it.
WIDE void explain_items(double* __restrict column, const double* __restrict columns, double* __restrict left,
                        int64_t rows, int64_t rank, int64_t pivot) {
  for (int64_t k = 0; k < rank; k++) {
    const double* other = columns + k * rows;
    const double weight = other[pivot];
    for (int64_t i = 0; i < rows; i++) column[i] -= other[i] * weight;
  }
  const double root = std::sqrt(left[pivot]);
  for (int64_t i = 0; i < rows; i++) {
    column[i] /= root;
    left[i] = std::max(0.0, left[i] - column[i] * column[i]);
  }
}

// Squared slopes of sums of kernels at points from … to, summed over the outputs.
WIDE void slope_items(const double* __restrict points, const double* __restrict landmarks,
                      const double* __restrict weights, const double* __restrict straight, double* __restrict out,
                      int64_t rank, int64_t width, int64_t outputs, double reach, int64_t from, int64_t to) {
  const double far = reach * width;
  std::vector<double> turned(rank * width), smooth(rank), steep(rank), slopes(outputs * width), change(width);
  for (int64_t k = 0; k < rank; k++)
    for (int64_t j = 0; j < width; j++) turned[j * rank + k] = landmarks[k * width + j];
  for (int64_t n = from; n < to; n++) {
    const double* point = points + n * width;
    std::fill(smooth.begin(), smooth.end(), 0);
    std::fill(steep.begin(), steep.end(), 0);
    double* __restrict squares = smooth.data();
    double* __restrict distances = steep.data();
    for (int64_t j = 0; j < width; j++) {
      const double* column = turned.data() + j * rank;
      for (int64_t k = 0; k < rank; k++) {
        const double difference = point[j] - column[k];
        squares[k] += difference * difference;
        distances[k] += std::fabs(difference);
      }
    }
    for (int64_t k = 0; k < rank; k++) {
      squares[k] = 2 * std::exp(-squares[k] / far) / far;
      distances[k] = std::exp(-distances[k] / far) / far;
    }
    std::copy(straight, straight + outputs * width, slopes.begin());
    double* __restrict changes = change.data();
    for (int64_t k = 0; k < rank; k++) {
      const double* landmark = landmarks + k * width;
      for (int64_t j = 0; j < width; j++) {
        const double difference = point[j] - landmark[j];
        const double side = difference > 0 ? distances[k] : difference < 0 ? -distances[k] : 0;
        changes[j] = squares[k] * difference + side;
      }
      for (int64_t o = 0; o < outputs; o++) {
        double* __restrict slope = slopes.data() + o * width;
        const double weight = weights[k * outputs + o];
        for (int64_t j = 0; j < width; j++) slope[j] -= changes[j] * weight;
      }
    }
    for (int64_t o = 0; o < outputs; o++)
      for (int64_t j = 0; j < width; j++) {
        const double slope = slopes[o * width + j];
        out[n * width + j] += slope * slope;
      }
  }
}

}  // namespace

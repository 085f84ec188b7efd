// Loops over the numbers of JavaScript's own arrays that are too long for one thread of JavaScript: an
// addon of Node's, beside the binding of TensorFlow. src/tfm/adamw.ts and src/tfm/leave-one-out-ridge.ts have
// the same loops in TypeScript, for where these were not compiled; both give the same numbers to the last
// bit, as no two operations become one here (no fused multiply and add), whatever the width of registers.

#include <node_api.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <thread>
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
constexpr int64_t kRows = 8;

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

// Squared lengths of L·z for rows z from … to, L lower triangular and n × n.
WIDE void square_items(const double* __restrict lower, const double* __restrict z, double* __restrict out,
                       int64_t rows, int64_t n, int64_t from, int64_t to) {
  std::vector<double> turned(n * kRows);
  for (int64_t first = from; first < to; first += kRows) {
    const int64_t own = std::min(kRows, to - first);
    for (int64_t b = 0; b < n; b++)
      for (int64_t r = 0; r < kRows; r++) turned[b * kRows + r] = r < own ? z[(first + r) * n + b] : 0;
    double squares[kRows] = {};
    for (int64_t a = 0; a < n; a++) {
      double sums[kRows] = {};
      for (int64_t b = 0; b <= a; b++) {
        const double weight = lower[a * n + b];
        for (int64_t r = 0; r < kRows; r++) sums[r] += weight * turned[b * kRows + r];
      }
      for (int64_t r = 0; r < kRows; r++) squares[r] += sums[r] * sums[r];
    }
    for (int64_t r = 0; r < own; r++) out[first + r] = squares[r];
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

int64_t threads() {
  const char* asked = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int wanted = asked ? std::atoi(asked) : 0;
  return wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
}

float* floats(napi_env env, napi_value value, size_t* length) {
  napi_typedarray_type type;
  void* data = nullptr;
  napi_value buffer;
  size_t offset;
  if (napi_get_typedarray_info(env, value, &type, length, &data, &buffer, &offset) != napi_ok) return nullptr;
  return type == napi_float32_array ? static_cast<float*>(data) : nullptr;
}

// Three arrays of doubles and a width.
struct Doubles {
  double* arrays[3] = {};
  size_t lengths[3] = {};
  int64_t n = 0;
};

bool doubles(napi_env env, napi_callback_info info, size_t wanted, Doubles* found) {
  size_t count = 4;
  napi_value given[4];
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  if (count != wanted + 1) return false;
  for (size_t i = 0; i < wanted; i++) {
    napi_typedarray_type type;
    void* data = nullptr;
    napi_value buffer;
    size_t offset;
    if (napi_get_typedarray_info(env, given[i], &type, &found->lengths[i], &data, &buffer, &offset) != napi_ok ||
        type != napi_float64_array)
      return false;
    found->arrays[i] = static_cast<double*>(data);
  }
  return napi_get_value_int64(env, given[wanted], &found->n) == napi_ok && found->n > 0;
}

// Run body(from, to) over parts of 0 … n of about equal `cost`, one a thread.
template <typename Body>
void share(int64_t n, int64_t cost, const Body& body) {
  const int64_t parts = std::min<int64_t>({threads(), n, n * cost / 500000 + 1});
  std::vector<std::thread> others;
  for (int64_t t = 1; t < parts; t++) others.emplace_back(body, n * t / parts, n * (t + 1) / parts);
  body(0, n / parts);
  for (auto& each : others) each.join();
}

// squares(lower, z, out, n)
napi_value squares(napi_env env, napi_callback_info info) {
  Doubles d;
  if (!doubles(env, info, 3, &d) || d.lengths[0] != static_cast<size_t>(d.n * d.n) ||
      d.lengths[1] != d.lengths[2] * d.n) {
    napi_throw_type_error(env, nullptr, "Cannot square as a matrix, rows and room for a number a row are needed");
    return nullptr;
  }
  const int64_t rows = d.lengths[2];
  share((rows + kRows - 1) / kRows, kRows * d.n * d.n / 2, [&](int64_t from, int64_t to) {
    square_items(d.arrays[0], d.arrays[1], d.arrays[2], rows, d.n, from * kRows, std::min(to * kRows, rows));
  });
  return nullptr;
}

// gram(z, out, n): adds to out.
napi_value gram(napi_env env, napi_callback_info info) {
  Doubles d;
  if (!doubles(env, info, 2, &d) || d.lengths[1] != static_cast<size_t>(d.n * d.n) || d.lengths[0] % d.n != 0) {
    napi_throw_type_error(env, nullptr, "Cannot multiply as rows and room for a matrix are needed");
    return nullptr;
  }
  const int64_t rows = d.lengths[0] / d.n, half = std::lround(d.n * std::sqrt(0.5));
  // Two parts of about equal areas of the triangle.
  if (threads() > 1 && rows * d.n * d.n > 1000000) {
    std::thread other(gram_items, d.arrays[0], d.arrays[1], rows, d.n, half, d.n);
    gram_items(d.arrays[0], d.arrays[1], rows, d.n, 0, half);
    other.join();
  } else {
    gram_items(d.arrays[0], d.arrays[1], rows, d.n, 0, d.n);
  }
  return nullptr;
}

// adamW(p, g, m, v, keep, rate, b1, b2, root, epsilon): changes p, m and v.
napi_value adam_w(napi_env env, napi_callback_info info) {
  size_t count = 10;
  napi_value given[10];
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  float* arrays[4] = {};
  size_t lengths[4] = {};
  double numbers[6];
  bool good = count == 10;
  for (int i = 0; good && i < 4; i++) {
    arrays[i] = floats(env, given[i], &lengths[i]);
    good = lengths[i] == lengths[0] && (arrays[i] != nullptr || lengths[i] == 0);
  }
  for (int i = 0; good && i < 6; i++)
    good = napi_get_value_double(env, given[4 + i], &numbers[i]) == napi_ok;
  if (!good) {
    napi_throw_type_error(env, nullptr, "Cannot step as four arrays of one length and six numbers are needed");
    return nullptr;
  }
  const Rates rates = {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
  const int64_t n = lengths[0];
  const int64_t parts = std::min<int64_t>(threads(), n / 100000 + 1);
  std::vector<std::thread> others;
  for (int64_t t = 1; t < parts; t++)
    others.emplace_back(adam_items, arrays[0], arrays[1], arrays[2], arrays[3], rates, n * t / parts, n * (t + 1) / parts);
  adam_items(arrays[0], arrays[1], arrays[2], arrays[3], rates, 0, n / parts);
  for (auto& each : others) each.join();
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback call;
  } functions[] = {{"adamW", adam_w}, {"squares", squares}, {"gram", gram}};
  for (const auto& [name, call] : functions) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}

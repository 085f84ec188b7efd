// Loops over the numbers of JavaScript's own arrays that are too long for one thread of JavaScript: an
// addon of Node's, beside the binding of TensorFlow.

#include <node_api.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "array-loops.h"

namespace {

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

// Arrays of doubles, and numbers after them.
struct Doubles {
  double* arrays[5] = {};
  int64_t lengths[5] = {};
  double numbers[2] = {};
};

bool doubles(napi_env env, napi_callback_info info, size_t arrays, size_t numbers, Doubles* found) {
  size_t count = 7;
  napi_value given[7];
  napi_get_cb_info(env, info, &count, given, nullptr, nullptr);
  if (count != arrays + numbers) return false;
  for (size_t i = 0; i < arrays; i++) {
    napi_typedarray_type type;
    void* data = nullptr;
    napi_value buffer;
    size_t length, offset;
    if (napi_get_typedarray_info(env, given[i], &type, &length, &data, &buffer, &offset) != napi_ok ||
        type != napi_float64_array)
      return false;
    found->arrays[i] = static_cast<double*>(data);
    found->lengths[i] = length;
  }
  for (size_t i = 0; i < numbers; i++)
    if (napi_get_value_double(env, given[arrays + i], &found->numbers[i]) != napi_ok) return false;
  return true;
}

napi_value refuse(napi_env env, const char* what) {
  napi_throw_type_error(env, nullptr, what);
  return nullptr;
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

// compare(rows, turned, reaches, out, width, same)
napi_value compare(napi_env env, napi_callback_info info) {
  Doubles d;
  const bool read = doubles(env, info, 4, 2, &d);
  const int64_t width = d.numbers[0], matrices = d.lengths[2];
  if (!read || width < 1 || d.lengths[0] % width != 0 || d.lengths[1] % width != 0 ||
      d.lengths[3] != matrices * (d.lengths[0] / width) * (d.lengths[1] / width))
    return refuse(env, "Cannot compare as rows, other rows, reaches and room for a number a pair are needed");
  const int64_t all = d.lengths[0] / width, count = d.lengths[1] / width;
  const bool same = d.numbers[1] != 0;
  const auto body = [&](int64_t from, int64_t to) {
    compare_items(d.arrays[0], d.arrays[1], d.arrays[2], d.arrays[3], matrices, all, count, width, same, from, to);
  };
  if (!same || threads() == 1) {
    share(all, count * width * 4, body);
  } else {
    // Later rows are compared with more: parts of about equal areas of the triangle.
    share(all, count * width * 2, [&](int64_t from, int64_t to) {
      const auto row = [&](int64_t part) { return std::lround(all * std::sqrt(static_cast<double>(part) / all)); };
      body(row(from), row(to));
    });
  }
  return nullptr;
}

// solve(matrices, right, diagonals, solutions, n): whether all matrices are positive definite.
napi_value solve(napi_env env, napi_callback_info info) {
  Doubles d;
  const bool read = doubles(env, info, 4, 1, &d);
  const int64_t n = d.numbers[0];
  if (!read || n < 1 || d.lengths[0] % (n * n) != 0 || d.lengths[1] % n != 0 || d.lengths[2] != d.lengths[0] / n ||
      d.lengths[3] != d.lengths[0] / (n * n) * d.lengths[1])
    return refuse(env, "Cannot solve as matrices, right sides and room for diagonals and solutions are needed");
  const int64_t m = d.lengths[1] / n, size = (n + kWide - 1) / kWide * kWide;
  std::atomic<bool> good(true);
  share(d.lengths[0] / (n * n), n * n * n / 2, [&](int64_t from, int64_t to) {
    std::vector<double> factor(size * size), inverse(size * size);
    for (int64_t i = from; i < to && good; i++) {
      if (!invert_factor(d.arrays[0] + i * n * n, factor.data(), inverse.data(), n, size)) {
        good = false;
        return;
      }
      solve_items(inverse.data(), d.arrays[1], d.arrays[2] + i * n, d.arrays[3] + i * n * m, n, m, size);
    }
  });
  napi_value result;
  napi_get_boolean(env, good, &result);
  return result;
}

// slopes(points, landmarks, weights, straight, out, width, reach)
napi_value slopes(napi_env env, napi_callback_info info) {
  Doubles d;
  const bool read = doubles(env, info, 5, 2, &d);
  const int64_t width = d.numbers[0];
  if (!read || width < 1 || d.lengths[0] != d.lengths[4] || d.lengths[0] % width != 0 ||
      d.lengths[1] % width != 0 || d.lengths[3] % width != 0 ||
      d.lengths[2] != (d.lengths[1] / width) * (d.lengths[3] / width))
    return refuse(env, "Cannot find slopes as points, landmarks, their weights and room for as many are needed");
  const int64_t rank = d.lengths[1] / width, outputs = d.lengths[3] / width;
  share(d.lengths[0] / width, rank * width * (5 + 2 * outputs), [&](int64_t from, int64_t to) {
    slope_items(d.arrays[0], d.arrays[1], d.arrays[2], d.arrays[3], d.arrays[4], rank, width, outputs, d.numbers[1],
                from, to);
  });
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
  if (!good) return refuse(env, "Cannot step as four arrays of one length and six numbers are needed");
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
  } functions[] = {{"adamW", adam_w}, {"compare", compare}, {"solve", solve}, {"slopes", slopes}};
  for (const auto& [name, call] : functions) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}

// Loops over the numbers of JavaScript's own arrays that are too long for one thread of JavaScript: an
// addon of Node's, beside the binding of TensorFlow. src/tfm/adamw.ts has the same loop in TypeScript,
// for where this one was not compiled; both give the same numbers to the last bit.

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

namespace {

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
  napi_value function;
  napi_create_function(env, "adamW", NAPI_AUTO_LENGTH, adam_w, nullptr, &function);
  napi_set_named_property(env, exports, "adamW", function);
  return exports;
}

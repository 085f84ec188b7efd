// The loops over memory. kernels.cc includes this file once for each width of vector registers, inside
// a namespace of its own and with the compiler set to that width.
// Legend: T tokens, d channels, B batch, h heads, n rows, m rows attended to, e = d/h.

// ---------------------------------------------------------------- functions of numbers

// Sixteen numbers at once; compilers turn them into whatever the machine has. Written out, as loops
// over single numbers with these functions in them were not vectorised.
typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Integers __attribute__((vector_size(64)));
constexpr int kLanes = 16;

inline Floats load(const float* from) {
  Floats v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

inline void store(float* to, Floats v) { std::memcpy(to, &v, sizeof(v)); }

inline Floats all(float x) { return Floats{} + x; }

// The last n < 16 numbers of a row, `rest` in the other places.
inline Floats load_some(const float* from, int64_t n, float rest) {
  float lanes[kLanes];
  for (int l = 0; l < kLanes; l++) lanes[l] = l < n ? from[l] : rest;
  return load(lanes);
}

inline void store_some(float* to, Floats v, int64_t n) {
  float lanes[kLanes];
  store(lanes, v);
  for (int64_t l = 0; l < n; l++) to[l] = lanes[l];
}

// e^x for x <= 88: 2^n by the exponent's bits, e^r by a polynomial on |r| <= ln(2)/2.
inline Floats exponential(Floats x) {
  x = x < -87.0f ? all(-87.0f) : x;
  const Floats shifted = x * 1.44269504f + 12582912.0f;  // rounds to the nearest integer
  const Floats n = shifted - 12582912.0f;
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  const Integers power = ((Integers)shifted << 23) + 0x3f800000;
  return p * (Floats)power;
}

// Φ(x) and φ(x) of the normal distribution from one exponential: erfc(y) = t·P(t)·e^(−y²) with
// t = 1/(1 + 0.4·y); P was fitted to a relative error below 1e-7.
inline void normal(Floats x, Floats* cumulative, Floats* density) {
  const Floats y = (Floats)((Integers)x & 0x7fffffff) * 0.70710678f;
  const Floats e = exponential(-0.5f * x * x);
  const Floats t = 1.0f / (1.0f + 0.4f * y);
  Floats p = t * 0.0391411446f + -0.129894257f;
  p = p * t + 0.0620849803f;
  p = p * t + 0.113481782f;
  p = p * t + 0.0617709346f;
  p = p * t + 0.20122616f;
  p = p * t + 0.199834242f;
  p = p * t + 0.226738676f;
  p = p * t + 0.225616381f;
  const Floats tail = 0.5f * t * p * e;
  *cumulative = x < 0.0f ? tail : 1.0f - tail;
  *density = 0.39894228f * e;
}

// Sum of the lanes, half to half: a chain of single additions is slower than what they are summed from.
inline float total(Floats v) {
  typedef float Half __attribute__((vector_size(32)));
  typedef float Quarter __attribute__((vector_size(16)));
  Half halves[2];
  std::memcpy(halves, &v, sizeof(v));
  const Half half = halves[0] + halves[1];
  Quarter quarters[2];
  std::memcpy(quarters, &half, sizeof(half));
  const Quarter quarter = quarters[0] + quarters[1];
  return (quarter[0] + quarter[1]) + (quarter[2] + quarter[3]);
}

// ---------------------------------------------------------------- loops

inline void mean_and_scale(const float* row, int64_t d, float* mean, float* scale) {
  Floats lanes = {};
  int64_t j = 0;
  for (; j + kLanes <= d; j += kLanes) lanes += load(row + j);
  float sum = total(lanes);
  for (; j < d; j++) sum += row[j];
  *mean = sum / d;
  Floats squares = {};
  for (j = 0; j + kLanes <= d; j += kLanes) {
    const Floats c = load(row + j) - *mean;
    squares += c * c;
  }
  float variance = total(squares);
  for (; j < d; j++) variance += (row[j] - *mean) * (row[j] - *mean);
  *scale = 1.0f / std::sqrt(variance / d + 1e-5f);
}

inline void layer_norm_rows(const float* x, const float* w, const float* b, float* y,
                                float* normal_out, float* scale_out, int64_t d, int64_t from,
                                int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const float* row = x + i * d;
    float mean, scale;
    mean_and_scale(row, d, &mean, &scale);
    scale_out[i] = scale;
    float* out = y + i * d;
    float* kept = normal_out + i * d;
    for (int64_t j = 0; j < d; j++) {
      const float v = (row[j] - mean) * scale;
      kept[j] = v;
      out[j] = v * w[j] + b[j];
    }
  }
}

// dw and db are this part's own sums.
inline void layer_norm_grad_rows(const float* normal, const float* scale, const float* w,
                                     const float* dy, const float* add, float* dx, float* dw,
                                     float* db, int64_t d, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const float* v = normal + i * d;
    const float* g = dy + i * d;
    const float* a = add + i * d;
    float* out = dx + i * d;
    Floats means = {}, alongs = {};
    int64_t j = 0;
    for (; j + kLanes <= d; j += kLanes) {
      const Floats t = load(g + j) * load(w + j);
      means += t;
      alongs += t * load(v + j);
    }
    float mean = total(means), along = total(alongs);
    for (; j < d; j++) {
      mean += g[j] * w[j];
      along += g[j] * w[j] * v[j];
    }
    mean /= d;
    along /= d;
    const float s = scale[i];
    for (j = 0; j < d; j++) {
      dw[j] += g[j] * v[j];
      db[j] += g[j];
      out[j] = a[j] + (g[j] * w[j] - mean - v[j] * along) * s;
    }
  }
}

inline void gelu_rows(const float* x, const float* b, float* y, int64_t d, int64_t from,
                          int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const float* row = x + i * d;
    float* out = y + i * d;
    Floats cumulative, density;
    int64_t j = 0;
    for (; j + kLanes <= d; j += kLanes) {
      const Floats u = load(row + j) + load(b + j);
      normal(u, &cumulative, &density);
      store(out + j, u * cumulative);
    }
    if (j < d) {
      const Floats u = load_some(row + j, d - j, 0) + load_some(b + j, d - j, 0);
      normal(u, &cumulative, &density);
      store_some(out + j, u * cumulative, d - j);
    }
  }
}

inline void gelu_keep_rows(const float* x, const float* b, float* y, float* slope, int64_t d,
                               int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const float* row = x + i * d;
    float* out = y + i * d;
    float* kept = slope + i * d;
    Floats cumulative, density;
    int64_t j = 0;
    for (; j + kLanes <= d; j += kLanes) {
      const Floats u = load(row + j) + load(b + j);
      normal(u, &cumulative, &density);
      store(out + j, u * cumulative);
      store(kept + j, cumulative + u * density);
    }
    if (j < d) {
      const Floats u = load_some(row + j, d - j, 0) + load_some(b + j, d - j, 0);
      normal(u, &cumulative, &density);
      store_some(out + j, u * cumulative, d - j);
      store_some(kept + j, cumulative + u * density, d - j);
    }
  }
}

// The GELU anew and its gradient in one pass; db is this part's own sum.
inline void gelu_back_rows(const float* x, const float* b, const float* dy, float* y, float* dx,
                           float* db, int64_t d, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const float* row = x + i * d;
    const float* g = dy + i * d;
    float* out = y + i * d;
    float* back = dx + i * d;
    Floats cumulative, density;
    int64_t j = 0;
    for (; j + kLanes <= d; j += kLanes) {
      const Floats u = load(row + j) + load(b + j);
      normal(u, &cumulative, &density);
      const Floats slope = load(g + j) * (cumulative + u * density);
      store(out + j, u * cumulative);
      store(back + j, slope);
      store(db + j, load(db + j) + slope);
    }
    if (j < d) {
      const Floats u = load_some(row + j, d - j, 0) + load_some(b + j, d - j, 0);
      normal(u, &cumulative, &density);
      const Floats slope = load_some(g + j, d - j, 0) * (cumulative + u * density);
      store_some(out + j, u * cumulative, d - j);
      store_some(back + j, slope, d - j);
      store_some(db + j, load_some(db + j, d - j, 0) + slope, d - j);
    }
  }
}

// sum is this part's own.
inline void sum_rows(const float* x, float* sum, int64_t d, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++)
    for (int64_t j = 0; j < d; j++) sum[j] += x[i * d + j];
}

inline void add_bias_rows(const float* residual, const float* x, const float* b, float* y,
                              int64_t d, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++)
    for (int64_t j = 0; j < d; j++) y[i * d + j] = residual[i * d + j] + x[i * d + j] + b[j];
}

inline void softmax_rows(const float* x, float* y, int64_t m, int64_t from, int64_t to) {
  const float lowest = -3.0e38f;
  for (int64_t i = from; i < to; i++) {
    const float* row = x + i * m;
    float* out = y + i * m;
    Floats tops = all(lowest);
    int64_t j = 0;
    for (; j + kLanes <= m; j += kLanes) {
      const Floats v = load(row + j);
      tops = v > tops ? v : tops;
    }
    const int64_t rest = m - j;
    if (rest > 0) {
      const Floats v = load_some(row + j, rest, lowest);
      tops = v > tops ? v : tops;
    }
    float top = tops[0];
    for (int l = 1; l < kLanes; l++) top = tops[l] > top ? tops[l] : top;
    Floats sums = {};
    for (j = 0; j + kLanes <= m; j += kLanes) {
      const Floats p = exponential(load(row + j) - top);
      store(out + j, p);
      sums += p;
    }
    if (rest > 0) {
      const Floats p = exponential(load_some(row + j, rest, top) - top);
      store_some(out + j, p, rest);
      sums += load_some(out + j, rest, 0);
    }
    const float inverse = 1.0f / total(sums);
    for (j = 0; j + kLanes <= m; j += kLanes) store(out + j, load(out + j) * inverse);
    for (; j < m; j++) out[j] *= inverse;
  }
}

inline void softmax_grad_rows(const float* p, const float* dp, float* ds, int64_t m,
                                  int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const float* w = p + i * m;
    const float* g = dp + i * m;
    float* out = ds + i * m;
    Floats lanes = {};
    int64_t j = 0;
    for (; j + kLanes <= m; j += kLanes) lanes += load(w + j) * load(g + j);
    float along = total(lanes);
    for (; j < m; j++) along += w[j] * g[j];
    for (j = 0; j < m; j++) out[j] = w[j] * (g[j] - along);
  }
}

inline void biased_head(const float* x, const float* b, float* y, int64_t e, float factor) {
  int64_t j = 0;
  for (; j + kLanes <= e; j += kLanes) store(y + j, (load(x + j) + load(b + j)) * factor);
  for (; j < e; j++) y[j] = (x[j] + b[j]) * factor;
}

// [B, n, h·e] → [B, h, n, e] with (x + bias)·factor; `from` and `to` count rows of the input.
inline void split_heads_rows(const float* x, const float* b, float* y, int64_t n, int64_t h,
                                 int64_t e, float factor, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const int64_t batch = i / n, row = i % n;
    for (int64_t k = 0; k < h; k++) {
      const float* in = x + (i * h + k) * e;
      biased_head(in, b + k * e, y + ((batch * h + k) * n + row) * e, e, factor);
    }
  }
}

// [B, h, n, e] → [B, n, h·e], times factor.
inline void merge_heads_rows(const float* x, float* y, int64_t n, int64_t h, int64_t e,
                                 float factor, int64_t from, int64_t to) {
  for (int64_t i = from; i < to; i++) {
    const int64_t batch = i / n, row = i % n;
    for (int64_t k = 0; k < h; k++) {
      const float* in = x + ((batch * h + k) * n + row) * e;
      float* out = y + (i * h + k) * e;
      for (int64_t j = 0; j < e; j++) out[j] = in[j] * factor;
    }
  }
}

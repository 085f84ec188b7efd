// Attention forward and backward without its weights in memory: blocks of queries meet blocks of keys
// while both are in the cache, and what the softmax needs is carried along (the idea of FlashAttention,
// arXiv 2205.14135). kernels.cc includes this file after loops.h, once for each width of registers.
// Legend: B batch, h heads, n queries, m keys, e channels of a head. Within a block the queries lie side
// by side in the lanes: "turned" arrays are [channel or key][kQueries].

constexpr int64_t kKeys = 32;

// out[j][i] = Σ_c rows[j·e + c]·turned[c][i], for G·16 queries.
template <int G>
inline void products(const float* turned, const float* rows, float* out, int64_t keys, int64_t e) {
  int64_t j = 0;
  for (; j + 4 <= keys; j += 4) {
    Floats sums[4][G] = {};
    for (int64_t c = 0; c < e; c++) {
      Floats x[G];
      for (int g = 0; g < G; g++) x[g] = load(turned + c * kQueries + g * kLanes);
      for (int a = 0; a < 4; a++)
        for (int g = 0; g < G; g++) sums[a][g] += rows[(j + a) * e + c] * x[g];
    }
    for (int a = 0; a < 4; a++)
      for (int g = 0; g < G; g++) store(out + (j + a) * kQueries + g * kLanes, sums[a][g]);
  }
  for (; j < keys; j++) {
    Floats sums[G] = {};
    for (int64_t c = 0; c < e; c++)
      for (int g = 0; g < G; g++)
        sums[g] += rows[j * e + c] * load(turned + c * kQueries + g * kLanes);
    for (int g = 0; g < G; g++) store(out + j * kQueries + g * kLanes, sums[g]);
  }
}

// turned[c][i] += Σ_j weights[j][i]·rows[j·e + c].
template <int G>
inline void gather(const float* weights, const float* rows, float* turned, int64_t keys,
                   int64_t e) {
  int64_t c = 0;
  for (; c + 4 <= e; c += 4) {
    Floats sums[4][G];
    for (int a = 0; a < 4; a++)
      for (int g = 0; g < G; g++) sums[a][g] = load(turned + (c + a) * kQueries + g * kLanes);
    for (int64_t j = 0; j < keys; j++) {
      Floats w[G];
      for (int g = 0; g < G; g++) w[g] = load(weights + j * kQueries + g * kLanes);
      for (int a = 0; a < 4; a++)
        for (int g = 0; g < G; g++) sums[a][g] += rows[j * e + c + a] * w[g];
    }
    for (int a = 0; a < 4; a++)
      for (int g = 0; g < G; g++) store(turned + (c + a) * kQueries + g * kLanes, sums[a][g]);
  }
  for (; c < e; c++) {
    Floats sums[G];
    for (int g = 0; g < G; g++) sums[g] = load(turned + c * kQueries + g * kLanes);
    for (int64_t j = 0; j < keys; j++)
      for (int g = 0; g < G; g++)
        sums[g] += rows[j * e + c] * load(weights + j * kQueries + g * kLanes);
    for (int g = 0; g < G; g++) store(turned + c * kQueries + g * kLanes, sums[g]);
  }
}

template <int K>
inline void scatter_some(const float* weights, const float* rows, float* out, int64_t queries,
                         int64_t width) {
  Floats sums[K];
  for (int a = 0; a < K; a++) sums[a] = load(out + a * width);
  for (int64_t i = 0; i < queries; i++) {
    const Floats x = load(rows + i * width);
    for (int a = 0; a < K; a++) sums[a] += weights[a * kQueries + i] * x;
  }
  for (int a = 0; a < K; a++) store(out + a * width, sums[a]);
}

// out[j][·] += Σ_i weights[j][i]·rows[i][·]; rows and out have `width` channels, a multiple of 16.
inline void scatter(const float* weights, const float* rows, float* out, int64_t keys,
                    int64_t queries, int64_t width) {
  int64_t j = 0;
  for (; j + 8 <= keys; j += 8)
    for (int64_t c = 0; c < width; c += kLanes)
      scatter_some<8>(weights + j * kQueries, rows + c, out + j * width + c, queries, width);
  for (; j + 4 <= keys; j += 4)
    for (int64_t c = 0; c < width; c += kLanes)
      scatter_some<4>(weights + j * kQueries, rows + c, out + j * width + c, queries, width);
  for (; j < keys; j++)
    for (int64_t c = 0; c < width; c += kLanes)
      scatter_some<1>(weights + j * kQueries, rows + c, out + j * width + c, queries, width);
}

// turned[c][i] = rows[i·stride + c], the rest of the G·16 lanes 0.
template <int G>
inline void turn(const float* rows, int64_t stride, float* turned, int64_t queries, int64_t e) {
  for (int64_t c = 0; c < e; c++) {
    for (int64_t i = 0; i < queries; i++) turned[c * kQueries + i] = rows[i * stride + c];
    for (int64_t i = queries; i < G * kLanes; i++) turned[c * kQueries + i] = 0;
  }
}

template <int G>
inline void clear(float* turned, int64_t e) {
  for (int64_t c = 0; c < e; c++)
    for (int g = 0; g < G; g++) store(turned + c * kQueries + g * kLanes, Floats{});
}

// One block of queries of one head: q and context point at its first row, k and v at the head's.
template <int G>
inline void attend_block(const float* q, const float* k, const float* v, float* context,
                         float* logsum, const AttentionSizes& z, int64_t queries, float* scratch) {
  const int64_t e = z.e;
  float* turned = scratch;
  float* sums = turned + e * kQueries;
  float* weights = sums + e * kQueries;
  turn<G>(q, e, turned, queries, e);
  clear<G>(sums, e);
  Floats top[G], total_of[G] = {};
  for (int g = 0; g < G; g++) top[g] = Floats{} - 3e38f;
  for (int64_t at = 0; at < z.m; at += kKeys) {
    const int64_t keys = std::min<int64_t>(kKeys, z.m - at);
    products<G>(turned, k + at * e, weights, keys, e);
    for (int g = 0; g < G; g++) {
      Floats now = top[g];
      for (int64_t j = 0; j < keys; j++) {
        const Floats s = load(weights + j * kQueries + g * kLanes);
        now = s > now ? s : now;
      }
      const Floats shrink = exponential(top[g] - now);
      top[g] = now;
      total_of[g] *= shrink;
      for (int64_t c = 0; c < e; c++) {
        float* sum = sums + c * kQueries + g * kLanes;
        store(sum, load(sum) * shrink);
      }
      for (int64_t j = 0; j < keys; j++) {
        float* weight = weights + j * kQueries + g * kLanes;
        const Floats p = exponential(load(weight) - now);
        store(weight, p);
        total_of[g] += p;
      }
    }
    gather<G>(weights, v + at * e, sums, keys, e);
  }
  float tops[kQueries], inverse[kQueries];
  for (int g = 0; g < G; g++) {
    store(tops + g * kLanes, top[g]);
    store(inverse + g * kLanes, 1.0f / total_of[g]);
  }
  for (int64_t i = 0; i < queries; i++) {
    logsum[i] = tops[i] - std::log(inverse[i]);
    for (int64_t c = 0; c < e; c++) context[i * z.h * e + c] = sums[c * kQueries + i] * inverse[i];
  }
}

// Items are blocks of queries of every head: B·h·⌈n/64⌉ of them. context is [B, n, h·e].
inline void attention_items(const float* q, const float* k, const float* v, float* context,
                            float* logsum, AttentionSizes z, int64_t from, int64_t to) {
  const int64_t blocks = (z.n + kQueries - 1) / kQueries;
  std::vector<float> scratch(2 * z.e * kQueries + kKeys * kQueries);
  for (int64_t item = from; item < to; item++) {
    const int64_t head = item / blocks, first = item % blocks * kQueries;
    const int64_t queries = std::min(kQueries, z.n - first);
    const auto run = queries <= 16 ? attend_block<1> : queries <= 32 ? attend_block<2> : attend_block<4>;
    run(q + (head * z.n + first) * z.e, k + head * z.m * z.e, v + head * z.m * z.e,
        context + ((head / z.h) * z.n + first) * z.h * z.e + head % z.h * z.e,
        logsum + head * z.n + first, z, queries, scratch.data());
  }
}

// One block of queries of one head; dk and dv are the head's own sums, [m][width].
template <int G>
inline void attend_back_block(const float* q, const float* k, const float* v, const float* context,
                              const float* logsum, const float* dcontext, float* dq, float* dk,
                              float* dv, const AttentionSizes& z, int64_t queries, int64_t width,
                              float* scratch) {
  const int64_t e = z.e, stride = z.h * z.e;
  float* q_turned = scratch;
  float* d_turned = q_turned + e * kQueries;
  float* dq_turned = d_turned + e * kQueries;
  float* q_rows = dq_turned + e * kQueries;
  float* d_rows = q_rows + width * kQueries;
  float* weights = d_rows + width * kQueries;
  float* slopes = weights + kKeys * kQueries;
  turn<G>(q, e, q_turned, queries, e);
  turn<G>(dcontext, stride, d_turned, queries, e);
  clear<G>(dq_turned, e);
  float along[kQueries] = {}, logs[kQueries] = {};
  for (int64_t i = 0; i < queries; i++) {
    logs[i] = logsum[i];
    for (int64_t c = 0; c < e; c++) {
      q_rows[i * width + c] = q[i * e + c];
      d_rows[i * width + c] = dcontext[i * stride + c];
      along[i] += dcontext[i * stride + c] * context[i * stride + c];
    }
    for (int64_t c = e; c < width; c++) q_rows[i * width + c] = d_rows[i * width + c] = 0;
  }
  for (int64_t at = 0; at < z.m; at += kKeys) {
    const int64_t keys = std::min<int64_t>(kKeys, z.m - at);
    products<G>(q_turned, k + at * e, weights, keys, e);
    products<G>(d_turned, v + at * e, slopes, keys, e);
    for (int64_t j = 0; j < keys; j++)
      for (int g = 0; g < G; g++) {
        float* weight = weights + j * kQueries + g * kLanes;
        float* slope = slopes + j * kQueries + g * kLanes;
        const Floats p = exponential(load(weight) - load(logs + g * kLanes));
        store(weight, p);
        store(slope, p * (load(slope) - load(along + g * kLanes)));
      }
    gather<G>(slopes, k + at * e, dq_turned, keys, e);
    scatter(weights, d_rows, dv + at * width, keys, queries, width);
    scatter(slopes, q_rows, dk + at * width, keys, queries, width);
  }
  for (int64_t i = 0; i < queries; i++)
    for (int64_t c = 0; c < e; c++)
      dq[i * stride + c] = dq_turned[c * kQueries + i] * z.factor;
}

// Items are heads, B·h of them. context, dcontext, dq, dk and dv are [B, rows, h·e].
inline void attention_grad_items(const float* q, const float* k, const float* v,
                                 const float* context, const float* logsum, const float* dcontext,
                                 float* dq, float* dk, float* dv, AttentionSizes z, int64_t from,
                                 int64_t to) {
  const int64_t width = (z.e + kLanes - 1) / kLanes * kLanes, stride = z.h * z.e;
  std::vector<float> scratch((3 * z.e + 2 * width + 2 * kKeys) * kQueries);
  std::vector<float> dk_rows(z.m * width), dv_rows(z.m * width);
  for (int64_t head = from; head < to; head++) {
    const int64_t offset = head % z.h * z.e;
    std::fill(dk_rows.begin(), dk_rows.end(), 0.0f);
    std::fill(dv_rows.begin(), dv_rows.end(), 0.0f);
    for (int64_t first = 0; first < z.n; first += kQueries) {
      const int64_t queries = std::min(kQueries, z.n - first);
      const int64_t place = ((head / z.h) * z.n + first) * stride + offset;
      const auto run = queries <= 16   ? attend_back_block<1>
                       : queries <= 32 ? attend_back_block<2>
                                       : attend_back_block<4>;
      run(q + (head * z.n + first) * z.e, k + head * z.m * z.e, v + head * z.m * z.e,
          context + place, logsum + head * z.n + first, dcontext + place, dq + place,
          dk_rows.data(), dv_rows.data(), z, queries, width, scratch.data());
    }
    for (int64_t j = 0; j < z.m; j++)
      for (int64_t c = 0; c < z.e; c++) {
        const int64_t place = ((head / z.h) * z.m + j) * stride + offset + c;
        dk[place] = dk_rows[j * width + c];
        dv[place] = dv_rows[j * width + c];
      }
  }
}

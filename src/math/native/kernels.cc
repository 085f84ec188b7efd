// Operations for transformers, as operations of libtensorflow (registered through its C API when the
// library that holds this file is loaded): fused element-wise ones, each in place of several passes
// over memory; attention without its weights in memory; products of small matrices. src/math/neural.ts
// and src/math/tf.ts use them where they are there and plain operations elsewhere;
// test/math/neural.test.ts holds the two against each other.
//
// Legend: T tokens, d channels, B batch, h heads, n rows, m rows attended to, e = d/h.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/ops.h"

// The part of tensorflow/c/kernels.h that is used: the header itself asks for C++ headers of
// TensorFlow, which the set-up leaves out.
extern "C" {
typedef struct TF_KernelBuilder TF_KernelBuilder;
typedef struct TF_OpKernelConstruction TF_OpKernelConstruction;
typedef struct TF_OpKernelContext TF_OpKernelContext;
TF_KernelBuilder* TF_NewKernelBuilder(const char* op, const char* device,
                                      void* (*create)(TF_OpKernelConstruction*),
                                      void (*compute)(void*, TF_OpKernelContext*),
                                      void (*destroy)(void*));
void TF_RegisterKernelBuilder(const char* name, TF_KernelBuilder*, TF_Status*);
void TF_GetInput(TF_OpKernelContext*, int index, TF_Tensor**, TF_Status*);
TF_Tensor* TF_AllocateOutput(TF_OpKernelContext*, int index, TF_DataType, const int64_t* dims,
                             int rank, size_t bytes, TF_Status*);
void TF_OpKernelContext_Failure(TF_OpKernelContext*, TF_Status*);
void TF_OpKernelConstruction_GetAttrInt32(TF_OpKernelConstruction*, const char*, int32_t*,
                                          TF_Status*);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction*, const char*, float*,
                                          TF_Status*);
}

namespace {

// ---------------------------------------------------------------- threads

// A few threads that wait for work; as many in all as TensorFlow uses within an operation.
class Threads {
 public:
  static Threads& get() {
    static Threads* threads = new Threads();  // never destroyed: threads may outlive exit handlers
    return *threads;
  }

  // Run body(first, last) over parts of 0 … n, which every free thread takes from a common heap: on
  // a busy machine nobody waits for a thread that has not woken yet. The parts do not depend on the
  // number of threads, so neither do sums over them. `cost` counts simple operations an item.
  void run(int64_t n, int64_t cost, const std::function<void(int64_t, int64_t)>& body) {
    const int64_t parts = std::min<int64_t>({kMostParts, n, n * cost / 60000 + 1});
    if (count_ == 1 || parts <= 1 || busy_.exchange(true)) {
      for (int64_t i = 0; i < parts; i++) body(n * i / parts, n * (i + 1) / parts);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      body_ = &body;
      n_ = n;
      parts_ = parts;
      next_ = 0;
      generation_++;
    }
    wake_.notify_all();
    work(body, n, parts);
    std::unique_lock<std::mutex> lock(mutex_);
    body_ = nullptr;  // who wakes from now on goes back to sleep
    done_.wait(lock, [&] { return working_ == 0; });
    busy_ = false;
  }

 private:
  static constexpr int64_t kMostParts = 32;

  Threads() {
    const char* asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int wanted = asked ? std::atoi(asked) : 0;
    count_ = wanted > 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
    for (int64_t i = 1; i < count_; i++) std::thread([this] { serve(); }).detach();
  }

  // Takes the work by argument: `body_` is taken away while the last parts are still being done.
  void work(const std::function<void(int64_t, int64_t)>& body, int64_t n, int64_t parts) {
    for (int64_t i = next_++; i < parts; i = next_++) {
      body(n * i / parts, n * (i + 1) / parts);
    }
  }

  void serve() {
    uint64_t seen = 0;
    while (true) {
      const std::function<void(int64_t, int64_t)>* body;
      int64_t n, parts;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return generation_ != seen; });
        seen = generation_;
        if (body_ == nullptr) continue;
        body = body_;
        n = n_;
        parts = parts_;
        working_++;
      }
      work(*body, n, parts);
      std::lock_guard<std::mutex> lock(mutex_);
      if (--working_ == 0) done_.notify_one();
    }
  }

  int64_t count_ = 1;
  std::atomic<bool> busy_{false};
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int64_t, int64_t)>* body_ = nullptr;
  int64_t n_ = 0, parts_ = 0;
  int working_ = 0;
  std::atomic<int64_t> next_{0};
  uint64_t generation_ = 0;
};

// ---------------------------------------------------------------- loops

// Queries of a block of attention.
constexpr int64_t kQueries = 64;

struct AttentionSizes {
  int64_t h, n, m, e;
  float factor;
};

// Rows and columns of a tile of a matrix product.
constexpr int64_t kTileRows = 6, kTileColumns = 64;

struct Factor {
  const float* at;
  int64_t row, column;  // distance of neighbouring rows and columns
};

// Tokens of a block, which go through everything together.
constexpr int64_t kBlockTokens = 8 * kTileRows;

// What is done to all tokens; the matrices lie in panels.
struct FeedForward {
  const float *x, *norm_weight, *norm_bias, *up, *up_bias, *down, *down_bias;
  float* y;
  int64_t tokens, d, h;
};
struct NormHeads {
  const float *x, *norm_weight, *norm_bias, *map, *bias;
  float* y;
  int64_t tokens, n, d, heads;
  float factor;
};
struct LinearInto {
  const float *residual, *x, *map, *bias;
  float* y;
  int64_t tokens, depth, d;
};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("O3")
#pragma GCC target("arch=skylake-avx512")
namespace wide {
#include "loops.h"
#include "attention.h"
#include "matmul.h"
#include "tokens.h"
}
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC optimize("O3")
#pragma GCC target("arch=haswell")
namespace middle {
#include "loops.h"
#include "attention.h"
#include "matmul.h"
#include "tokens.h"
}
#pragma GCC pop_options
namespace plain {
#include "loops.h"
#include "attention.h"
#include "matmul.h"
#include "tokens.h"
}
// The widest that this machine has.
int width() {
  static const int found = [] {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
      return 2;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 0;
  }();
  return found;
}
#define CHOOSE(name) (width() == 2 ? wide::name : width() == 1 ? middle::name : plain::name)
#else
namespace plain {
#include "loops.h"
#include "attention.h"
#include "matmul.h"
#include "tokens.h"
}
#define CHOOSE(name) (plain::name)
#endif

// ---------------------------------------------------------------- operations

struct Status {
  TF_Status* s = TF_NewStatus();
  ~Status() { TF_DeleteStatus(s); }
};

// The inputs and outputs of one call; everything is freed at its end.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context) {}
  ~Call() {
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
  }
  const TF_Tensor* tensor(int i) {
    TF_Tensor* found = nullptr;
    TF_GetInput(context_, i, &found, status_.s);
    tensors_.push_back(found);
    return found;
  }
  float* output(int i, const std::vector<int64_t>& dims) {
    size_t bytes = sizeof(float);
    for (int64_t dim : dims) bytes *= dim;
    TF_Tensor* made = TF_AllocateOutput(context_, i, TF_FLOAT, dims.data(), dims.size(), bytes,
                                        status_.s);
    if (TF_GetCode(status_.s) != TF_OK) {
      TF_OpKernelContext_Failure(context_, status_.s);
      return nullptr;
    }
    tensors_.push_back(made);
    return static_cast<float*>(TF_TensorData(made));
  }
  // Refuse inputs that the loops would read past.
  bool refuse(bool unless) {
    if (unless) return false;
    TF_SetStatus(status_.s, TF_INVALID_ARGUMENT, "the inputs' shapes do not agree");
    TF_OpKernelContext_Failure(context_, status_.s);
    return true;
  }

 private:
  TF_OpKernelContext* context_;
  Status status_;
  std::vector<TF_Tensor*> tensors_;
};

const float* data(const TF_Tensor* tensor) {
  return static_cast<const float*>(TF_TensorData(tensor));
}

std::vector<int64_t> dims(const TF_Tensor* tensor) {
  std::vector<int64_t> out(TF_NumDims(tensor));
  for (size_t i = 0; i < out.size(); i++) out[i] = TF_Dim(tensor, i);
  return out;
}

int64_t last(const TF_Tensor* tensor) {
  const int rank = TF_NumDims(tensor);
  return rank > 0 ? TF_Dim(tensor, rank - 1) : 1;
}

int64_t size(const TF_Tensor* tensor) { return TF_TensorElementCount(tensor); }

int64_t rows(const TF_Tensor* tensor) {
  const int64_t d = last(tensor);
  return d > 0 ? size(tensor) / d : 0;
}

void layer_norm(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* weight = call.tensor(1);
  const TF_Tensor* bias = call.tensor(2);
  const int64_t d = last(x);
  if (call.refuse(TF_NumDims(x) > 0 && size(weight) == d && size(bias) == d)) return;
  const float* w = data(weight);
  const float* b = data(bias);
  std::vector<int64_t> one = dims(x);
  one.back() = 1;
  float* y = call.output(0, dims(x));
  float* normal = call.output(1, dims(x));
  float* scale = call.output(2, one);
  if (!y || !normal || !scale) return;
  Threads::get().run(rows(x), 4 * d, [&](int64_t from, int64_t to) {
    CHOOSE(layer_norm_rows)(data(x), w, b, y, normal, scale, d, from, to);
  });
}

// Run a loop over rows that also adds up vectors of d numbers, each part of the rows into its own: they
// are added in the order of the rows, so that the same machine gives the same numbers.
void sum_parts(int64_t n, int64_t cost, const std::vector<float*>& totals, int64_t d,
               const std::function<void(const std::vector<float*>&, int64_t, int64_t)>& body) {
  std::mutex mutex;
  std::vector<std::pair<int64_t, std::vector<float>>> sums;
  Threads::get().run(n, cost, [&](int64_t from, int64_t to) {
    std::vector<float> own(totals.size() * d, 0.0f);
    std::vector<float*> each;
    for (size_t i = 0; i < totals.size(); i++) each.push_back(own.data() + i * d);
    body(each, from, to);
    std::lock_guard<std::mutex> lock(mutex);
    sums.emplace_back(from, std::move(own));
  });
  std::sort(sums.begin(), sums.end());
  for (size_t i = 0; i < totals.size(); i++) {
    std::fill(totals[i], totals[i] + d, 0.0f);
    for (const auto& part : sums)
      for (int64_t j = 0; j < d; j++) totals[i][j] += part.second[i * d + j];
  }
}

void layer_norm_grad(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* normal = call.tensor(0);
  const TF_Tensor* scales = call.tensor(1);
  const TF_Tensor* weight = call.tensor(2);
  const TF_Tensor* gradient = call.tensor(3);
  const TF_Tensor* added = call.tensor(4);
  const int64_t d = last(normal);
  if (call.refuse(size(scales) == rows(normal) && size(weight) == d &&
                  size(gradient) == size(normal) && size(added) == size(normal)))
    return;
  const float* scale = data(scales);
  const float* w = data(weight);
  const float* dy = data(gradient);
  const float* add = data(added);
  float* dx = call.output(0, dims(normal));
  float* dw = call.output(1, {d});
  float* db = call.output(2, {d});
  if (!dx || !dw || !db) return;
  sum_parts(rows(normal), 6 * d, {dw, db}, d, [&](const std::vector<float*>& own, int64_t from, int64_t to) {
    CHOOSE(layer_norm_grad_rows)(data(normal), scale, w, dy, add, dx, own[0], own[1], d, from, to);
  });
}

void bias_gelu(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* bias = call.tensor(1);
  if (call.refuse(size(bias) == last(x))) return;
  const float* b = data(bias);
  float* y = call.output(0, dims(x));
  if (!y) return;
  Threads::get().run(rows(x), 16 * last(x), [&](int64_t from, int64_t to) {
    CHOOSE(gelu_rows)(data(x), b, y, last(x), from, to);
  });
}

void bias_gelu_keep(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* bias = call.tensor(1);
  if (call.refuse(size(bias) == last(x))) return;
  const float* b = data(bias);
  float* y = call.output(0, dims(x));
  float* slope = call.output(1, dims(x));
  if (!y || !slope) return;
  Threads::get().run(rows(x), 16 * last(x), [&](int64_t from, int64_t to) {
    CHOOSE(gelu_keep_rows)(data(x), b, y, slope, last(x), from, to);
  });
}

void bias_gelu_grad(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* bias = call.tensor(1);
  const TF_Tensor* gradient = call.tensor(2);
  const int64_t d = last(x);
  if (call.refuse(size(bias) == d && size(gradient) == size(x))) return;
  const float* b = data(bias);
  const float* dy = data(gradient);
  float* y = call.output(0, dims(x));
  float* dx = call.output(1, dims(x));
  float* db = call.output(2, {d});
  if (!y || !dx || !db) return;
  sum_parts(rows(x), 18 * d, {db}, d, [&](const std::vector<float*>& own, int64_t from, int64_t to) {
    CHOOSE(gelu_back_rows)(data(x), b, dy, y, dx, own[0], d, from, to);
  });
}

void sum_of_rows(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  const int64_t d = last(x);
  float* sum = call.output(0, {d});
  if (!sum) return;
  sum_parts(rows(x), d, {sum}, d, [&](const std::vector<float*>& own, int64_t from, int64_t to) {
    CHOOSE(sum_rows)(data(x), own[0], d, from, to);
  });
}

void add_bias(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* residual = call.tensor(0);
  const TF_Tensor* added = call.tensor(1);
  const TF_Tensor* bias = call.tensor(2);
  if (call.refuse(size(added) == size(residual) && size(bias) == last(residual))) return;
  const float* x = data(added);
  const float* b = data(bias);
  float* y = call.output(0, dims(residual));
  if (!y) return;
  Threads::get().run(rows(residual), 2 * last(residual), [&](int64_t from, int64_t to) {
    CHOOSE(add_bias_rows)(data(residual), x, b, y, last(residual), from, to);
  });
}

void softmax(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  float* y = call.output(0, dims(x));
  if (!y) return;
  Threads::get().run(rows(x), 12 * last(x), [&](int64_t from, int64_t to) {
    CHOOSE(softmax_rows)(data(x), y, last(x), from, to);
  });
}

void softmax_grad(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* p = call.tensor(0);
  const TF_Tensor* gradient = call.tensor(1);
  if (call.refuse(size(gradient) == size(p))) return;
  const float* dp = data(gradient);
  float* ds = call.output(0, dims(p));
  if (!ds) return;
  Threads::get().run(rows(p), 3 * last(p), [&](int64_t from, int64_t to) {
    CHOOSE(softmax_grad_rows)(data(p), dp, ds, last(p), from, to);
  });
}

struct HeadsAttributes {
  int32_t heads = 1;
  float factor = 1;
};

void* heads_create(TF_OpKernelConstruction* construction) {
  Status status;
  auto* found = new HeadsAttributes();
  TF_OpKernelConstruction_GetAttrInt32(construction, "heads", &found->heads, status.s);
  TF_OpKernelConstruction_GetAttrFloat(construction, "factor", &found->factor, status.s);
  return found;
}

void heads_delete(void* found) { delete static_cast<HeadsAttributes*>(found); }

void split_heads(void* kernel, TF_OpKernelContext* context) {
  const auto& attributes = *static_cast<HeadsAttributes*>(kernel);
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* bias = call.tensor(1);
  const int64_t h = attributes.heads;
  if (call.refuse(TF_NumDims(x) == 3 && h > 0 && last(x) % h == 0 && size(bias) == last(x))) return;
  const float* b = data(bias);
  const int64_t n = TF_Dim(x, 1), e = last(x) / h;
  float* y = call.output(0, {TF_Dim(x, 0), h, n, e});
  if (!y) return;
  Threads::get().run(rows(x), 2 * last(x), [&](int64_t from, int64_t to) {
    CHOOSE(split_heads_rows)(data(x), b, y, n, h, e, attributes.factor, from, to);
  });
}

void merge_heads(void* kernel, TF_OpKernelContext* context) {
  const auto& attributes = *static_cast<HeadsAttributes*>(kernel);
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  if (call.refuse(TF_NumDims(x) == 4)) return;
  const int64_t h = TF_Dim(x, 1), n = TF_Dim(x, 2), e = last(x);
  float* y = call.output(0, {TF_Dim(x, 0), n, h * e});
  if (!y) return;
  Threads::get().run(TF_Dim(x, 0) * n, 2 * h * e, [&](int64_t from, int64_t to) {
    CHOOSE(merge_heads_rows)(data(x), y, n, h, e, attributes.factor, from, to);
  });
}

void attention(void* kernel, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* q = call.tensor(0);
  const TF_Tensor* k = call.tensor(1);
  const TF_Tensor* v = call.tensor(2);
  if (call.refuse(TF_NumDims(q) == 4 && TF_NumDims(k) == 4 && size(v) == size(k) && last(k) > 0 &&
                  last(k) == last(q) && TF_Dim(k, 0) == TF_Dim(q, 0) &&
                  TF_Dim(k, 1) == TF_Dim(q, 1) && TF_Dim(k, 2) > 0))
    return;
  const int64_t b = TF_Dim(q, 0), h = TF_Dim(q, 1), n = TF_Dim(q, 2), m = TF_Dim(k, 2), e = last(q);
  float* y = call.output(0, {b, n, h * e});
  float* logsum = call.output(1, {b, h, n});
  if (!y || !logsum) return;
  const int64_t blocks = (n + kQueries - 1) / kQueries;
  Threads::get().run(b * h * blocks, 4 * std::min(n, kQueries) * m * e, [&](int64_t from, int64_t to) {
    CHOOSE(attention_items)(data(q), data(k), data(v), y, logsum, {h, n, m, e, 1}, from, to);
  });
}

void attention_grad(void* kernel, TF_OpKernelContext* context) {
  const auto& attributes = *static_cast<HeadsAttributes*>(kernel);
  Call call(context);
  const TF_Tensor* q = call.tensor(0);
  const TF_Tensor* k = call.tensor(1);
  const TF_Tensor* v = call.tensor(2);
  const TF_Tensor* y = call.tensor(3);
  const TF_Tensor* logsum = call.tensor(4);
  const TF_Tensor* dy = call.tensor(5);
  if (call.refuse(TF_NumDims(q) == 4 && TF_NumDims(k) == 4 && size(v) == size(k) && last(k) > 0 &&
                  last(k) == last(q) && TF_Dim(k, 0) == TF_Dim(q, 0) &&
                  TF_Dim(k, 1) == TF_Dim(q, 1) && TF_Dim(k, 2) > 0 && size(y) == size(q) &&
                  size(dy) == size(q) && size(logsum) == rows(q)))
    return;
  const int64_t b = TF_Dim(q, 0), h = TF_Dim(q, 1), n = TF_Dim(q, 2), m = TF_Dim(k, 2), e = last(q);
  float* dq = call.output(0, {b, n, h * e});
  float* dk = call.output(1, {b, m, h * e});
  float* dv = call.output(2, {b, m, h * e});
  if (!dq || !dk || !dv) return;
  Threads::get().run(b * h, 10 * n * m * e, [&](int64_t from, int64_t to) {
    CHOOSE(attention_grad_items)(data(q), data(k), data(v), data(y), data(logsum), data(dy), dq, dk,
                                 dv, {h, n, m, e, attributes.factor}, from, to);
  });
}

struct MatMulAttributes {
  int32_t turn_a = 0;
  int32_t turn_b = 0;
};

void* matmul_create(TF_OpKernelConstruction* construction) {
  Status status;
  auto* found = new MatMulAttributes();
  TF_OpKernelConstruction_GetAttrInt32(construction, "turn_a", &found->turn_a, status.s);
  TF_OpKernelConstruction_GetAttrInt32(construction, "turn_b", &found->turn_b, status.s);
  return found;
}

void matmul_delete(void* found) { delete static_cast<MatMulAttributes*>(found); }

int64_t filled(int64_t n) { return (n + 15) / 16 * 16; }

// A matrix [n, depth] turned to [depth, n], rows filled up.
std::vector<float> turned(const float* matrix, int64_t n, int64_t depth) {
  const int64_t row = filled(n);
  std::vector<float> out(depth * row);
  for (int64_t j = 0; j < n; j++)
    for (int64_t k = 0; k < depth; k++) out[k * row + j] = matrix[j * depth + k];
  return out;
}

// The same in panels of kTileColumns columns, one after the other, the last filled up: what a product reads
// lies together.
std::vector<float> panels(const float* matrix, int64_t n, int64_t depth) {
  const int64_t count = (n + kTileColumns - 1) / kTileColumns;
  std::vector<float> out(count * depth * kTileColumns);
  float* at = out.data();
  for (int64_t from = 0; from < n; from += kTileColumns)
    for (int64_t k = 0; k < depth; k++, at += kTileColumns)
      for (int64_t j = from; j < std::min(from + kTileColumns, n); j++)
        at[j - from] = matrix[j * depth + k];
  return out;
}

// Blocks of tokens, and about how many simple operations each takes.
template <typename Body>
void run_blocks(int64_t tokens, int64_t products, const Body& body) {
  const int64_t blocks = (tokens + kBlockTokens - 1) / kBlockTokens;
  Threads::get().run(blocks, kBlockTokens * products / 8, body);
}

void feed_forward(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* norm_weight = call.tensor(1);
  const TF_Tensor* norm_bias = call.tensor(2);
  const TF_Tensor* up = call.tensor(3);
  const TF_Tensor* up_bias = call.tensor(4);
  const TF_Tensor* down = call.tensor(5);
  const TF_Tensor* down_bias = call.tensor(6);
  const int64_t d = last(x), h = size(up_bias);
  if (call.refuse(TF_NumDims(x) > 0 && size(norm_weight) == d && size(norm_bias) == d &&
                  TF_NumDims(up) == 2 && TF_Dim(up, 0) == h && last(up) == d &&
                  TF_NumDims(down) == 2 && TF_Dim(down, 0) == d && last(down) == h &&
                  size(down_bias) == d))
    return;
  float* y = call.output(0, dims(x));
  if (!y) return;
  const std::vector<float> first = panels(data(up), h, d), second = panels(data(down), d, h);
  const FeedForward block = {data(x),       data(norm_weight), data(norm_bias), first.data(),
                             data(up_bias), second.data(),     data(down_bias), y,
                             rows(x),       d,                 h};
  run_blocks(block.tokens, 2 * d * h + 100 * h, [&](int64_t from, int64_t to) {
    CHOOSE(feed_forward_items)(block, from, to);
  });
}

void norm_heads(void* kernel, TF_OpKernelContext* context) {
  const auto& attributes = *static_cast<HeadsAttributes*>(kernel);
  Call call(context);
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* norm_weight = call.tensor(1);
  const TF_Tensor* norm_bias = call.tensor(2);
  const TF_Tensor* weight = call.tensor(3);
  const TF_Tensor* bias = call.tensor(4);
  const int64_t d = last(x), h = attributes.heads;
  if (call.refuse(TF_NumDims(x) == 3 && size(norm_weight) == d && size(norm_bias) == d &&
                  TF_NumDims(weight) == 2 && TF_Dim(weight, 0) == d && last(weight) == d &&
                  size(bias) == d && h > 0 && d % h == 0))
    return;
  const int64_t n = TF_Dim(x, 1);
  float* y = call.output(0, {TF_Dim(x, 0), h, n, d / h});
  if (!y) return;
  const std::vector<float> map = panels(data(weight), d, d);
  const NormHeads all = {data(x), data(norm_weight), data(norm_bias), map.data(), data(bias), y,
                         rows(x), n, d, h, attributes.factor};
  run_blocks(all.tokens, d * d, [&](int64_t from, int64_t to) {
    CHOOSE(norm_heads_items)(all, from, to);
  });
}

void linear_into(void*, TF_OpKernelContext* context) {
  Call call(context);
  const TF_Tensor* residual = call.tensor(0);
  const TF_Tensor* x = call.tensor(1);
  const TF_Tensor* weight = call.tensor(2);
  const TF_Tensor* bias = call.tensor(3);
  const int64_t d = last(residual), depth = last(x);
  if (call.refuse(TF_NumDims(x) > 0 && rows(x) == rows(residual) && TF_NumDims(weight) == 2 &&
                  TF_Dim(weight, 0) == d && last(weight) == depth && size(bias) == d))
    return;
  float* y = call.output(0, dims(residual));
  if (!y) return;
  const std::vector<float> map = panels(data(weight), d, depth);
  const LinearInto all = {data(residual), data(x), map.data(), data(bias), y, rows(x), depth, d};
  run_blocks(all.tokens, d * depth, [&](int64_t from, int64_t to) {
    CHOOSE(linear_into_items)(all, from, to);
  });
}

void matmul(void* kernel, TF_OpKernelContext* context) {
  const auto& attributes = *static_cast<MatMulAttributes*>(kernel);
  Call call(context);
  const TF_Tensor* a = call.tensor(0);
  const TF_Tensor* b = call.tensor(1);
  if (call.refuse(TF_NumDims(a) == 2 && TF_NumDims(b) == 2)) return;
  const int64_t m = TF_Dim(a, attributes.turn_a ? 1 : 0), depth = TF_Dim(a, attributes.turn_a ? 0 : 1);
  const int64_t n = TF_Dim(b, attributes.turn_b ? 0 : 1);
  if (call.refuse(TF_Dim(b, attributes.turn_b ? 1 : 0) == depth)) return;
  float* c = call.output(0, {m, n});
  if (!c) return;
  if (depth == 0) std::fill(c, c + m * n, 0.0f);
  const Factor left = {data(a), attributes.turn_a ? 1 : depth, attributes.turn_a ? m : 1};
  const float* right = data(b);
  int64_t row = n;
  std::vector<float> own;
  if (attributes.turn_b) {
    own = turned(right, n, depth);
  } else if (n % 16 != 0) {
    own.resize(depth * filled(n));
    for (int64_t k = 0; k < depth; k++)
      std::copy(right + k * n, right + (k + 1) * n, own.data() + k * filled(n));
  }
  if (!own.empty()) {
    row = filled(n);
    right = own.data();
  }
  const int64_t across = (n + kTileColumns - 1) / kTileColumns;
  const int64_t down = (m + kTileRows - 1) / kTileRows;
  const int64_t cost = kTileRows * std::min(n, kTileColumns) * depth / 8;
  Threads::get().run(down * across, cost, [&](int64_t from, int64_t to) {
    CHOOSE(matmul_items)(left, right, row, c, m, n, depth, from, to);
  });
}

// ---------------------------------------------------------------- registration

void no_shape(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_SetStatus(status, TF_OK, "");
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

void add(const char* name, std::initializer_list<const char*> inputs,
         std::initializer_list<const char*> outputs, void (*compute)(void*, TF_OpKernelContext*),
         std::initializer_list<const char*> attributes = {},
         void* (*create)(TF_OpKernelConstruction*) = nullptr, void (*destroy)(void*) = nullptr) {
  Status status;
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(op, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(op, output);
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(op, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, no_shape);
  TF_RegisterOpDefinition(op, status.s);
  if (TF_GetCode(status.s) != TF_OK) return;
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(name, "CPU", create, compute, destroy);
  TF_RegisterKernelBuilder(name, kernel, status.s);
}

struct Register {
  Register() {
    const auto heads = {"heads: int", "factor: float"};
    add("CmxLayerNorm", {"x: float", "weight: float", "bias: float"},
        {"y: float", "normal: float", "scale: float"}, layer_norm);
    add("CmxLayerNormGrad",
        {"normal: float", "scale: float", "weight: float", "dy: float", "add: float"},
        {"dx: float", "dweight: float", "dbias: float"}, layer_norm_grad);
    add("CmxBiasGelu", {"x: float", "bias: float"}, {"y: float"}, bias_gelu);
    add("CmxBiasGeluKeep", {"x: float", "bias: float"}, {"y: float", "slope: float"},
        bias_gelu_keep);
    add("CmxBiasGeluGrad", {"x: float", "bias: float", "dy: float"},
        {"y: float", "dx: float", "dbias: float"}, bias_gelu_grad);
    add("CmxSumRows", {"x: float"}, {"sum: float"}, sum_of_rows);
    add("CmxAddBias", {"residual: float", "x: float", "bias: float"}, {"y: float"}, add_bias);
    add("CmxSoftmax", {"x: float"}, {"y: float"}, softmax);
    add("CmxSoftmaxGrad", {"p: float", "dp: float"}, {"ds: float"}, softmax_grad);
    add("CmxSplitHeads", {"x: float", "bias: float"}, {"y: float"}, split_heads, heads, heads_create, heads_delete);
    add("CmxMergeHeads", {"x: float"}, {"y: float"}, merge_heads, heads, heads_create,
        heads_delete);
    add("CmxMatMul", {"a: float", "b: float"}, {"c: float"}, matmul,
        {"turn_a: int", "turn_b: int"}, matmul_create, matmul_delete);
    add("CmxFeedForward",
        {"x: float", "norm_weight: float", "norm_bias: float", "up: float", "up_bias: float",
         "down: float", "down_bias: float"},
        {"y: float"}, feed_forward);
    add("CmxNormHeads",
        {"x: float", "norm_weight: float", "norm_bias: float", "weight: float", "bias: float"},
        {"y: float"}, norm_heads, heads, heads_create, heads_delete);
    add("CmxLinearInto", {"residual: float", "x: float", "weight: float", "bias: float"},
        {"y: float"}, linear_into);
    add("CmxAttention", {"q: float", "k: float", "v: float"}, {"y: float", "logsum: float"},
        attention);
    add("CmxAttentionGrad",
        {"q: float", "k: float", "v: float", "y: float", "logsum: float", "dy: float"},
        {"dq: float", "dk: float", "dv: float"}, attention_grad, heads, heads_create, heads_delete);
  }
} registered;

}  // namespace

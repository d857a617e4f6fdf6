// Parameter updates over flat arenas, and what is done to whole tensors between steps.
#pragma once

#include <t2ue/cuda/pointwise.cuh>
#include <t2ue/cuda/wide_sum.cuh>

namespace t2ue::T2UE_CUDA_NAMESPACE {

namespace {

template <class T, int N>
__global__ void fill_kernel(int64_t count, float value, T* y) {
  for_elements<N>(count, [&]<int n>(int64_t i) {
    float values[n];
    for (int j = 0; j < n; ++j) values[j] = value;
    store_some(y, i, values);
  });
}

template <class T, int N>
__global__ void clamp_kernel(int64_t count, float low, float high, T* x) {
  for_elements<N>(count, [&]<int n>(int64_t i) {
    float values[n];
    load_some(x, i, values);
    for (int j = 0; j < n; ++j) values[j] = values[j] < low ? low : values[j] > high ? high : values[j];
    store_some(x, i, values);
  });
}

constexpr int most_norm_blocks = 1024;

/// partial[block] = the block's part of |grad|^2. The number of blocks depends on `count` only.
template <int N>
__global__ void squares_kernel(int64_t count, const float* grad, double* partial) {
  T2UE_SHARED(double, slots, block_threads);
  const int64_t step = static_cast<int64_t>(gridDim.x) * block_threads, vectors = count / N;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * block_threads + threadIdx.x;
  double sum = 0.0;
  const auto add = [&]<int n>(int64_t i) {
    float values[n];
    load_some(grad, i, values);
    for (int j = 0; j < n; ++j) sum += static_cast<double>(values[j]) * static_cast<double>(values[j]);
  };
  for (int64_t v = thread; v < vectors; v += step) add.template operator()<N>(v * N);
  if (vectors * N + thread < count) add.template operator()<1>(vectors * N + thread);
  sum = wide_block_sum<block_threads>(sum, slots);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

/// norm = {|grad|, the factor that clips it}. One block.
__global__ void grad_norm_kernel(int blocks, const double* partial, float max_norm, float* norm) {
  T2UE_SHARED(double, slots, wide_threads);
  double sum = 0.0;
  for (int b = static_cast<int>(threadIdx.x); b < blocks; b += wide_threads) sum += partial[b];
  sum = wide_block_sum<wide_threads>(sum, slots);
  if (threadIdx.x > 0) return;
  const double length = sqrt(sum);
  norm[0] = static_cast<float>(length);
  const bool clip = max_norm > 0.0f && length > static_cast<double>(max_norm);
  norm[1] = clip ? static_cast<float>(static_cast<double>(max_norm) / length) : 1.0f;
}

/// The weight decay of neighbouring elements: segment s holds [offsets[s], offsets[s+1]).
class Segments {
 public:
  /// Finds the segment of element i: the last one that begins at or before it.
  __device__ __forceinline__ Segments(int count, const int32_t* offsets, const float* decay, int64_t i)
      : count_(count), offsets_(offsets), decay_(decay) {
    int high = count + 1;  // the first offset beyond i lies in (at_, high]
    while (high - at_ > 1) {
      const int middle = (at_ + high) / 2;
      (offsets[middle] <= i ? at_ : high) = middle;
    }
    limit_ = offsets[high <= count ? high : count];
    here_ = at_ < count ? decay[at_] : 0.0f;
    outside_ = at_ >= count || i < offsets[0];
  }
  /// Element i's decay, i not decreasing between calls. False where no segment holds it.
  __device__ __forceinline__ bool at(int64_t i, float& decay) {
    if (!outside_ && i >= limit_) {
      do ++at_;
      while (at_ < count_ && i >= offsets_[at_ + 1]);
      outside_ = at_ >= count_;
      if (!outside_) limit_ = offsets_[at_ + 1], here_ = decay_[at_];
    }
    decay = here_;
    return !outside_;
  }

 private:
  int count_, at_ = 0;
  const int32_t* offsets_;
  const float* decay_;
  int64_t limit_;
  float here_;
  bool outside_;
};

/// An arena as optimisers see it; `second` and `shadow` may be absent.
struct ArenaPointers {
  int64_t count;
  const float* grad;
  float *value, *first, *second;
  bf16* shadow;
  int segments;
  const int32_t* offsets;
  const float *decay, *hyper, *norm;
};
template <class Args>
ArenaPointers arena_of(const Args& a, float* second) {
  return {a.value.elements(),
          a.grad.f32(),
          a.value.f32(),
          a.first.f32(),
          second,
          a.shadow.template as<bf16>(),
          static_cast<int>(a.decay.elements()),
          a.segments.i32(),
          a.decay.f32(),
          a.hyper.f32(),
          a.norm.f32()};
}

/// One pass over the arena: update(gradient, decay, value, first, second) for every element of every segment.
template <int N, class Update>
__device__ __forceinline__ void update_arena(const ArenaPointers& p, Update&& update) {
  const float clip = p.norm ? p.norm[1] : 1.0f;
  for_elements<N>(p.count, [&]<int n>(int64_t i) {
    float grad[n], value[n], first[n], second[n] = {};
    load_some(p.grad, i, grad);
    load_some(p.value, i, value);
    load_some(p.first, i, first);
    if (p.second) load_some(p.second, i, second);
    Segments segments(p.segments, p.offsets, p.decay, i);
    for (int j = 0; j < n; ++j) {
      float decay;
      if (segments.at(i + j, decay)) update(clip * grad[j], decay, value[j], first[j], second[j]);
    }
    store_some(p.value, i, value);
    store_some(p.first, i, first);
    if (p.second) store_some(p.second, i, second);
    if (p.shadow) store_some(p.shadow, i, value);
  });
}

template <int N>
__global__ void adam_kernel(ArenaPointers p, float beta1, float beta2, float eps, bool decoupled) {
  const float rate = p.hyper[0], correction1 = p.hyper[1], correction2 = p.hyper[2];
  update_arena<N>(p, [&](float g, float decay, float& value, float& first, float& second) {
    const float shrink = decoupled ? 1.0f - rate * decay : 1.0f;
    if (!decoupled) g += decay * value;
    first = beta1 * first + (1.0f - beta1) * g;
    second = beta2 * second + (1.0f - beta2) * g * g;
    value = shrink * value - rate * (first / correction1) / (sqrtf(second / correction2) + eps);
  });
}

template <int N>
__global__ void sgd_kernel(ArenaPointers p, float momentum, bool nesterov) {
  const float rate = p.hyper[0];
  update_arena<N>(p, [&](float g, float decay, float& value, float& first, float&) {
    g += decay * value;
    first = momentum * first + g;
    value -= rate * (nesterov ? g + momentum * first : first);
  });
}

/// In this form an average that has arrived stays where it is.
template <int N>
__global__ void ema_kernel(int64_t count, float share, const float* value, float* average) {
  for_elements<N>(count, [&]<int n>(int64_t i) {
    float to[n], values[n];
    load_some(value, i, to);
    load_some(average, i, values);
    for (int j = 0; j < n; ++j) values[j] += share * (to[j] - values[j]);
    store_some(average, i, values);
  });
}

/// f.template operator()<N>() with N = 4 where whole vectors can be read and written, else 1.
template <class F>
void with_arena_width(const ArenaPointers& p, F&& f) {
  if (aligned({p.grad, p.value, p.first, p.second}) && aligned({p.shadow}, 4 * sizeof(bf16)))
    f.template operator()<4>();
  else
    f.template operator()<1>();
}

}  // namespace

void fill(const FillArgs& a, Stream stream) {
  const int64_t count = a.y.elements();
  with_type_of("fill", a.y, [&]<class T>(T*) {
    constexpr int wide = vector_width<T>;
    T* y = a.y.as<T>();
    if (aligned({y}))
      launch("fill", fill_kernel<T, wide>, dim3(blocks_for_elements(count, wide)), dim3(block_threads), 0,
             stream, count, a.value, y);
    else
      launch("fill", fill_kernel<T, 1>, dim3(blocks_for_elements(count, 1)), dim3(block_threads), 0, stream,
             count, a.value, y);
  });
}

void clamp(const ClampArgs& a, Stream stream) {
  const int64_t count = a.x.elements();
  with_type_of("clamp", a.x, [&]<class T>(T*) {
    constexpr int wide = vector_width<T>;
    T* x = a.x.as<T>();
    if (aligned({x}))
      launch("clamp", clamp_kernel<T, wide>, dim3(blocks_for_elements(count, wide)), dim3(block_threads), 0,
             stream, count, a.low, a.high, x);
    else
      launch("clamp", clamp_kernel<T, 1>, dim3(blocks_for_elements(count, 1)), dim3(block_threads), 0, stream,
             count, a.low, a.high, x);
  });
}

void grad_norm(const GradNormArgs& a, Stream stream) {
  const int64_t count = a.grad.elements();
  const float* grad = a.grad.f32();
  // Each thread has at least two vectors, and there is at least one block, so that an empty arena has norm 0.
  const unsigned blocks =
      std::clamp<unsigned>(blocks_for(count, 8 * block_threads), 1u, static_cast<unsigned>(most_norm_blocks));
  auto* partial = static_cast<double*>(scratch(blocks * sizeof(double), stream));
  if (aligned({grad}))
    launch("grad_norm", squares_kernel<4>, dim3(blocks), dim3(block_threads), 0, stream, count, grad,
           partial);
  else
    launch("grad_norm", squares_kernel<1>, dim3(blocks), dim3(block_threads), 0, stream, count, grad,
           partial);
  launch("grad_norm", grad_norm_kernel, dim3(1), dim3(wide_threads), 0, stream, static_cast<int>(blocks),
         partial, a.max_norm, a.norm.f32());
}

void adam(const AdamArgs& a, Stream stream) {
  const ArenaPointers p = arena_of(a, a.second.f32());
  with_arena_width(p, [&]<int N>() {
    launch("adam", adam_kernel<N>, dim3(blocks_for_elements(p.count, N)), dim3(block_threads), 0, stream, p,
           a.beta1, a.beta2, a.eps, a.decoupled);
  });
}

void sgd(const SgdArgs& a, Stream stream) {
  const ArenaPointers p = arena_of(a, nullptr);
  with_arena_width(p, [&]<int N>() {
    launch("sgd", sgd_kernel<N>, dim3(blocks_for_elements(p.count, N)), dim3(block_threads), 0, stream, p,
           a.momentum, a.nesterov);
  });
}

void ema(const EmaArgs& a, Stream stream) {
  const int64_t count = a.average.elements();
  const float share = 1.0f - a.decay;
  const float* value = a.value.f32();
  float* average = a.average.f32();
  if (aligned({value, average}))
    launch("ema", ema_kernel<4>, dim3(blocks_for_elements(count, 4)), dim3(block_threads), 0, stream, count,
           share, value, average);
  else
    launch("ema", ema_kernel<1>, dim3(blocks_for_elements(count, 1)), dim3(block_threads), 0, stream, count,
           share, value, average);
}

}  // namespace t2ue::T2UE_CUDA_NAMESPACE

#pragma once

#include <algorithm>
#include <memory>

#include <t2ue/eval/bench/adaptive.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/noise/noise.hpp>

namespace t2ue {

namespace detail {

/// The method as the attacker has it. A generator is public, its latents are not.
inline std::shared_ptr<NoiseSource> guessed_method(const PlanMethod& method, const BenchContext& context) {
  constexpr uint64_t another = 0x9E3779B9;
  BenchContext attacker = context;
  attacker.seed += another;
  if (method.method != "t2ue") return build_method(method, attacker).method.noise;
  std::shared_ptr<NoiseSource> noise = build_method(method, context).method.noise;
  const auto generator = std::dynamic_pointer_cast<T2ueSource>(noise);
  check(generator != nullptr, method.label, "its noise comes from no generator");
  generator->set_seed(attacker.seed);
  return noise;
}

}  // namespace detail

T2UE_INLINE void subtract_guess(PairDataset& published, const PlanMethod& method,
                                const BenchContext& context) {
  // Of shuffled noise he makes what was shuffled.
  const PlanMethod& maker = method.method == "shuffled" ? *find_method(context.plan, method.of) : method;
  if (maker.method == "clean") return;
  const std::shared_ptr<NoiseSource> guess = detail::guessed_method(maker, context);
  constexpr size_t chunk = 256;
  const std::span<const NoiseItem> items = context.data.items();
  for (size_t begin = 0; begin < items.size(); begin += chunk) {
    const auto part = items.subspan(begin, std::min(chunk, items.size() - begin));
    const std::vector<Noise> noises = guess->make(part);
    for (size_t i = 0; i < part.size(); ++i) {
      const Noise noise = resample_noise(noises[i], published.size, published.size, guess->card().resampler);
      const size_t bytes = published.picture_bytes();
      uint8_t* pixels = published.pixels.data() + (begin + i) * bytes;
      for (size_t p = 0; p < bytes; ++p)
        pixels[p] = static_cast<uint8_t>(std::clamp(pixels[p] - noise.steps[p], 0, 255));
    }
    if (context.progress)
      context.progress("guess", static_cast<int64_t>(begin + part.size()),
                       static_cast<int64_t>(items.size()));
  }
}

}  // namespace t2ue

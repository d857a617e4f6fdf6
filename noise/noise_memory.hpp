// Remembers noises, so that items with the same caption, keyword or class have theirs made once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

/// A noise with its noise_digest().
struct MadeNoise {
  Noise noise;
  std::array<uint8_t, 32> sha256 = {};
};

/// Makes noises at one size, and remembers up to 16 MiB of them by NoiseSource::noise_name().
class NoiseMemory {
 public:
  /// `source` must outlive the memory, and keep its seed and sharing.
  NoiseMemory(NoiseSource& source, int height, int width)
      : source_(source),
        height_(height),
        width_(width),
        most_((size_t{16} << 20) / (static_cast<size_t>(height) * static_cast<size_t>(width) * 3 + 256)) {}

  /// The noises of some items, in order; valid until the next call. Throws Error as NoiseSource::make().
  std::vector<const MadeNoise*> make(std::span<const NoiseItem> items) {
    if (known_.size() + items.size() > most_) known_.clear();
    std::vector<std::string> names;
    std::vector<NoiseItem> missing;
    std::unordered_set<std::string> asked;
    for (const NoiseItem& item : items) {
      names.push_back(source_.noise_name(item));
      if (!known_.contains(names.back()) && asked.insert(names.back()).second) missing.push_back(item);
    }
    const std::vector<Noise> made = source_.make(missing);
    std::vector<MadeNoise> sized(missing.size());
    std::mutex mutex;  // exceptions may not leave a parallel loop
    std::exception_ptr failure;
    cpu::parallel_for(static_cast<int64_t>(missing.size()), 1 << 20, [&](int64_t at) {
      const auto i = static_cast<size_t>(at);
      try {
        sized[i].noise = resample_noise(made[i], height_, width_, source_.card().resampler);
        sized[i].sha256 = noise_digest(sized[i].noise);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
      }
    });
    if (failure) std::rethrow_exception(failure);
    for (size_t i = 0; i < missing.size(); ++i) known_[source_.noise_name(missing[i])] = std::move(sized[i]);
    std::vector<const MadeNoise*> noises;
    noises.reserve(names.size());
    for (const std::string& name : names) noises.push_back(&known_.at(name));
    return noises;
  }

 private:
  NoiseSource& source_;
  int height_, width_;
  size_t most_;
  std::unordered_map<std::string, MadeNoise> known_;
};

}  // namespace t2ue

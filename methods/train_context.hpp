// What a method is trained on for one data set, and where the file goes that this leaves.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <t2ue/core/compute.hpp>
#include <t2ue/core/kinds.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/data/text/tokenizer.hpp>

namespace t2ue {

/// What models will learn from the protected pictures: captions (CLIP, retrieval) or classes (classifiers).
enum class LearningTask : uint8_t { image_text, classes };

/// Which pictures a method is trained on: those that it protects, or those set apart, so that it sees nothing
/// of what it protects.
enum class TrainedOn : uint8_t { train, apart };

namespace detail {
template <>
struct KindNames<LearningTask> {
  static constexpr std::string_view what = "task";
  static constexpr std::array<std::string_view, 2> names = {"image-text", "classes"};
};
template <>
struct KindNames<TrainedOn> {
  static constexpr std::string_view what = "part of the data";
  static constexpr std::array<std::string_view, 2> names = {"train", "apart"};
};
}  // namespace detail

/// Called now and then with what is done and how much there is.
using TrainProgress = std::function<void(const std::string& what, int64_t done, int64_t total)>;

/// All that training may look at.
struct TrainContext {
  LearningTask task;
  const PairDataset& pictures;  ///< those to be protected
  const PairDataset& apart;     ///< those set apart; none if there are no such
  /// Hashes that decide what depends on either.
  const std::string &pictures_hash, &apart_hash;
  /// A tokenizer of so many tokens, learned from the captions of `pictures`.
  std::function<const Tokenizer&(int64_t vocab_size)> tokenizer;
  bool all_captions = false;  ///< noise is made from all captions of a picture, not from the first
  int eps_steps = 0;          ///< the budget in 1/255; 0: the method's own
  uint64_t seed = 1;
  Compute compute;
  std::filesystem::path folder;  ///< of what is trained: models/ and locks/
  TrainProgress progress;
  double checkpoint_seconds = 600;  ///< what trains longer writes its state this often, and goes on from it
};

/// A file that took training, and how long that took.
struct TrainedFile {
  std::filesystem::path path;
  double seconds = 0;
};

}  // namespace t2ue

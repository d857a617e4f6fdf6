// The text features of a data set's captions, computed once for a frozen text tower and kept in a file.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/training/caption_encoder.hpp>

namespace t2ue {

struct CachedFeatures {
  std::vector<float> rows;  ///< [N, embed_dim], not normalised: as of CaptionEncoder::encode
  bool from_cache = false;
  std::string remark;  ///< why a file of the cache was made anew; empty if none was
};

/// Captions done, captions in all.
using CaptionProgress = std::function<void(int64_t, int64_t)>;

/// The features of `captions`, from the folder `cache` if they are there, else computed and put there. An
/// empty `cache`: computed. A file is found by SHA-256 of everything that decides its numbers: the tower's
/// weights and configuration, the vocabulary, the captions in their order, and the kind of device. One that
/// is damaged, or that is another file under such a name, is made anew, and the remark says so.
/// Error as of CaptionEncoder::encode, and if the cache cannot be written.
CachedFeatures caption_features(CaptionEncoder& encoder, std::span<const std::string> captions,
                                const std::filesystem::path& cache = {},
                                const CaptionProgress& progress = {});

/// The file in `cache` that the features of `captions` are kept in.
std::filesystem::path caption_features_file(CaptionEncoder& encoder, std::span<const std::string> captions,
                                            const std::filesystem::path& cache);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/caption_feature_cache.inl.hpp>
#endif

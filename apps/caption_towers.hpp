// The frozen text towers of a run, and the features that they give its captions.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <t2ue/methods/caption_feature_cache.hpp>
#include <t2ue/optim/clip_file.hpp>

#include "output.hpp"
#include "progress.hpp"

namespace t2ue::apps {

/// A text tower of a loaded CLIP on the device that captions are embedded on.
inline std::unique_ptr<CaptionEncoder> encoder_of(const LoadedClip& clip, Device device) {
  auto encoder = std::make_unique<CaptionEncoder>(clip.config().text, clip.tokenizer, device);
  encoder->parameters().copy_from(*clip.parameters);
  return encoder;
}

/// Computes features or reads them from --feature-cache, with progress, and counts which.
class FeatureReader {
 public:
  FeatureReader(std::string folder, const Globals& globals) : folder_(std::move(folder)), globals_(globals) {}

  std::vector<float> operator()(CaptionEncoder& encoder, std::span<const std::string> captions) {
    ProgressBar bar({"embed", static_cast<int64_t>(captions.size()), "captions"},
                    progress_style(globals_.progress));
    CachedFeatures features =
        caption_features(encoder, captions, folder_, [&](int64_t done, int64_t) { bar.update(done, 0.0); });
    bar.finish();
    if (!features.remark.empty()) remark(features.remark);
    ++(features.from_cache ? read_ : computed_);
    return std::move(features.rows);
  }

  /// How many tables of features were read and how many computed.
  nlohmann::json counts() const { return {{"read", read_}, {"computed", computed_}}; }

 private:
  std::string folder_;
  const Globals& globals_;
  int read_ = 0, computed_ = 0;
};

}  // namespace t2ue::apps

#pragma once

#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/pair.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/training/caption_encoder.hpp>

namespace t2ue {

T2UE_INLINE void check_caption(const std::string& caption) {
  constexpr size_t limit = 10'000;
  check(!caption.empty(), "caption", "a caption is empty; noise is made from words");
  check(caption.size() <= limit, "caption", "a caption has ", caption.size(),
        " bytes, more than the limit of ", limit);
  check(valid_utf8(caption), "caption", "a caption is not valid UTF-8: '", caption.substr(0, 40), "'");
}

T2UE_INLINE CaptionEncoder::CaptionEncoder(const TextConfig& config, Tokenizer tokenizer, Device device)
    : config_(config),
      tokenizer_(std::move(tokenizer)),
      tower_(config),
      parameters_(tower_, 0, device, Precision::fp32, ParameterUse::inference),
      pass_(16, config.context_length,
            [this](Graph&, const Var& ids, const Var& end) { return tower_(ids, end); }, {.device = device}) {
  check(tokenizer_.vocab_size() <= config.vocab_size, "caption encoder", "the vocabulary has ",
        tokenizer_.vocab_size(), " tokens, the text tower knows ", config.vocab_size);
}

T2UE_INLINE std::vector<float> CaptionEncoder::encode(std::span<const std::string> captions) {
  std::vector<std::string> lines;
  std::vector<size_t> count;  // lines of each caption
  for (const std::string& caption : captions) {
    check_caption(caption);
    const size_t before = lines.size();
    for (std::string& line : lines_of(caption)) lines.push_back(std::move(line));
    count.push_back(lines.size() - before);
  }
  const int context = static_cast<int>(config_.context_length);
  const std::vector<int32_t> ids = tokenizer_.encode_batch(lines, context);
  std::vector<float> features = pass_.run(ids, tokenizer_.end_positions(ids, context));
  if (lines.size() == captions.size()) return features;
  const auto width = static_cast<size_t>(config_.embed_dim);
  std::vector<float> means(captions.size() * width, 0.0f);
  auto feature = features.begin();
  for (size_t i = 0; i < captions.size(); ++i)
    for (size_t line = 0; line < count[i]; ++line)
      for (size_t c = 0; c < width; ++c) means[i * width + c] += *feature++ / static_cast<float>(count[i]);
  return means;
}

}  // namespace t2ue

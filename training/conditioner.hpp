// From an item's captions to what a generator is told of it: the same way in training and when noise is made.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/pair_dataset.hpp>
#include <t2ue/data/text/caption_keywords.hpp>
#include <t2ue/training/caption_encoder.hpp>
#include <t2ue/training/conditions.hpp>

namespace t2ue {

/// What a class-wise generator is told of a class, in training and afterwards.
inline std::string class_prompt(const std::string& label) {
  return "a photo of a " + label;
}

/// Turns texts, each of one or more captions (joined_captions(), a line each), into condition rows. With
/// keywords all texts of a group are told as one: its keyword.
class Conditioner {
 public:
  /// Texts to rows: a text tower's, read from a cache, or counted words.
  using Rows = std::function<std::vector<float>(std::span<const std::string>)>;

  Conditioner(int64_t width, Rows rows, CaptionKeywords keywords = {})
      : width_(width), rows_(std::move(rows)), keywords_(std::move(keywords)) {}
  /// By the text features of `encoder`, which must outlive it.
  explicit Conditioner(CaptionEncoder& encoder, CaptionKeywords keywords = {})
      : Conditioner(
            encoder.config().embed_dim,
            [&encoder](std::span<const std::string> texts) { return encoder.encode(texts); },
            std::move(keywords)) {}

  const CaptionKeywords& keywords() const { return keywords_; }
  /// For making noise: a row a text, [N,width].
  std::vector<float> rows(std::span<const std::string> texts) const;
  /// For training on items whose noise is made from `texts`: a row an item, or with keywords one a group.
  Conditions of_texts(std::span<const std::string> texts) const;
  /// For training on labelled pictures: a row a class, by class_prompt().
  Conditions of_classes(const PairDataset& pictures) const;

 private:
  int64_t width_;
  Rows rows_;
  CaptionKeywords keywords_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/training/conditioner.inl.hpp>
#endif

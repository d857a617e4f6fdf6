#pragma once

#include <numeric>

#include <t2ue/training/conditioner.hpp>

namespace t2ue {

T2UE_INLINE std::vector<float> Conditioner::rows(std::span<const std::string> texts) const {
  std::vector<std::string> told;
  told.reserve(texts.size());
  for (const std::string& text : texts) told.push_back(keywords_.reduce(text));
  return rows_(told);
}

T2UE_INLINE Conditions Conditioner::of_texts(std::span<const std::string> texts) const {
  Conditions conditions;
  conditions.width = width_;
  conditions.shared = keywords_.groups() > 0;
  if (conditions.shared) {
    conditions.texts = keywords_.prompts();
    for (const std::string& text : texts) conditions.row_of_item.push_back(keywords_.group_of(text));
  } else {
    conditions.texts.assign(texts.begin(), texts.end());
    conditions.row_of_item.resize(texts.size());
    std::iota(conditions.row_of_item.begin(), conditions.row_of_item.end(), 0);
  }
  conditions.table = rows_(conditions.texts);
  return conditions;
}

T2UE_INLINE Conditions Conditioner::of_classes(const PairDataset& pictures) const {
  Conditions conditions;
  conditions.width = width_;
  conditions.shared = true;
  conditions.row_of_item = pictures.labels;
  for (const std::string& name : pictures.label_names) conditions.texts.push_back(class_prompt(name));
  conditions.table = rows_(conditions.texts);
  return conditions;
}

}  // namespace t2ue

// What every index of a data set must hold to, whatever it was read from.
#pragma once

#include <cstdlib>
#include <set>
#include <string>
#include <utility>

#include <t2ue/core/paths.hpp>
#include <t2ue/data/records/dataset_index.hpp>
#include <t2ue/data/text/utf8.hpp>

/// Aborts if `index` breaks a rule that dataset_index.hpp promises.
inline void check_index_rules(const t2ue::DatasetIndex& index) {
  std::set<std::pair<uint32_t, std::string>> keys;
  const auto demand = [](bool condition) {
    if (!condition) std::abort();
  };
  demand(!index.records.empty());
  for (const t2ue::Record& record : index.records) {
    t2ue::check_inside(record.key, "fuzz", "the key ");
    demand(keys.emplace(record.split, record.key).second);
    demand(record.split < index.splits.size() && record.picture.source < index.sources.size());
    demand(record.label >= -1 && record.label < static_cast<int64_t>(index.label_names.size()));
    demand(!record.captions.empty() || record.label >= 0);
    for (const std::string& caption : record.captions) demand(!caption.empty() && t2ue::valid_utf8(caption));
    if (record.picture.form == t2ue::PictureForm::file)
      t2ue::check_inside(record.picture.name, "fuzz", "the picture ");
  }
}

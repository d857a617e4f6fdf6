#pragma once

#include <algorithm>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/dataset_index.hpp>

namespace t2ue {

T2UE_INLINE DatasetIndex select_split(const DatasetIndex& index, const std::string& name) {
  const auto found = std::find(index.splits.begin(), index.splits.end(), name);
  if (found == index.splits.end()) {
    std::string known;
    for (const std::string& split : index.splits) known += (known.empty() ? "" : ", ") + split;
    fail("dataset", "there is no split \"", name, "\"; there are: ", known);
  }
  DatasetIndex part{index.format, index.sources, index.raw, index.label_names, {name}, {}, index.bad};
  const auto split = static_cast<uint32_t>(found - index.splits.begin());
  for (const Record& record : index.records) {
    if (record.split != split) continue;
    part.records.push_back(record);
    part.records.back().split = 0;
  }
  return part;
}

T2UE_INLINE std::vector<std::string> keys_of_split(const DatasetIndex& index, uint32_t split) {
  std::vector<std::string> keys;
  for (const Record& record : index.records)
    if (record.split == split) keys.push_back(record.key);
  return keys;
}

}  // namespace t2ue

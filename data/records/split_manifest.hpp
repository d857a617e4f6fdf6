// Split manifests: a list of which item belongs to which split, so that everybody measures on the same ones.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/dataset_index.hpp>

namespace t2ue {

/// Keys by split.
class SplitManifest {
 public:
  /// Error "[splits] WHERE: ..." for an empty key or split, and for a key that has another split.
  void add(const std::string& where, const std::string& key, const std::string& split);
  bool empty() const { return split_of_.empty(); }
  const std::vector<std::string>& splits() const { return splits_; }  ///< by first appearance
  const std::unordered_map<std::string, uint32_t>& split_of() const { return split_of_; }

 private:
  std::vector<std::string> splits_;
  std::unordered_map<std::string, uint32_t> split_of_;
};

/// Reads JSON {"train": ["key", ...], ...} or lines of KEY<TAB>SPLIT. Errors name the line.
SplitManifest parse_splits(std::string_view text, const std::string& where);
/// parse_splits() of a file.
SplitManifest read_splits(const std::filesystem::path& file);

/// Gives every record the split that the manifest has for its key, or for its picture's file name; "unlisted"
/// where it has none. Throws Error for listed keys that are no record's, unless skip_bad (counted), and if
/// two records would then have one key in one split.
void apply_splits(DatasetIndex& index, const SplitManifest& manifest, bool skip_bad);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/split_manifest.inl.hpp>
#endif

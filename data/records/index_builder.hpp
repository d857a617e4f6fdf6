// How readers fill an index. The rules that hold for every form are checked here.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/dataset_index.hpp>
#include <t2ue/data/records/file_names.hpp>
#include <t2ue/data/text/text_lines.hpp>

namespace t2ue {

/// Takes records as a reader meets them. What add() and caption() refuse is an Error "[dataset] WHERE: ...",
/// WHERE being the file and line, row or entry.
class IndexBuilder {
 public:
  IndexBuilder(std::string format, const DatasetOptions& options);

  /// Runs `step`, which reads one record. With skip_bad an Error of its is counted, otherwise it passes.
  template <class Step>
  void attempt(Step&& step) {
    try {
      step();
    } catch (const Error& error) {
      if (!options_.skip_bad) throw;
      count_bad(error.what());
    }
  }
  /// Counts a record that was left out.
  void count_bad(const std::string& what);

  /// Index of a source; the same path gives the same one.
  uint32_t source(const std::filesystem::path& path);
  uint32_t split(const std::string& name);
  /// Index of a class, added if it is new.
  int32_t label(const std::string& name);

  /// Adds a record. Error for: a key that is empty, climbs out of its folder or was added before in its
  /// split; a caption that is empty, too long or not UTF-8; neither caption nor label, unless
  /// it `may_be_bare`.
  void add(const std::string& where, Record record, bool may_be_bare = false);
  /// Adds a caption to the record of that key and picture, which is made if it is new. Error as of add(),
  /// and for a key that has another picture.
  void caption(const std::string& where, Record picture, std::string caption);

  /// Whether the split has a record of that key.
  bool has(uint32_t split, const std::string& key) const { return places_.contains(place_name(split, key)); }

  /// Pictures in files of `folder` (source): Error unless all that are named are there, saying how many are
  /// missing and which is the first; with skip_bad their records are left out. Nothing without
  /// need_pictures.
  void check_files();

  DatasetIndex& index() { return index_; }
  const DatasetOptions& options() const { return options_; }
  /// The index. Error without a single record. Labels are renumbered so that their names are sorted unless
  /// `keep_labels`.
  DatasetIndex take(const std::filesystem::path& from, bool keep_labels = false);

 private:
  static std::string place_name(uint32_t split, const std::string& key);
  void check_caption(const std::string& where, const std::string& caption) const;

  DatasetOptions options_;
  DatasetIndex index_;
  std::unordered_map<std::string, size_t> places_;  // split and key to record
  std::unordered_map<std::string, uint32_t> sources_, splits_, labels_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/index_builder.inl.hpp>
#endif

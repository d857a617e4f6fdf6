// The index of a data set: its records, without their pixels. Every published form is read into it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/text/captions.hpp>

namespace t2ue {

/// How a record's picture is kept.
enum class PictureForm : uint8_t {
  none,    ///< there is none: captions alone
  file,    ///< PNG, JPEG or WebP in a file of its own
  member,  ///< PNG, JPEG or WebP inside an archive
  raw      ///< pixels in a binary, as RawLayout says
};

/// Where a record's picture is.
struct PictureAt {
  PictureForm form = PictureForm::none;
  uint32_t source = 0;  ///< index into DatasetIndex::sources: the folder, archive or binary
  std::string name;     ///< file: its path in the folder; member: its path in the archive
  uint64_t offset = 0;  ///< member, raw: of its first byte in the (uncompressed) archive or binary
  uint64_t bytes = 0;   ///< member, raw: how many there are
};

/// One picture with all its captions, its class, or both.
struct Record {
  std::string key;  ///< unique within its split; a relative path
  PictureAt picture;
  std::vector<std::string> captions;  ///< UTF-8, none empty
  int32_t label = -1;                 ///< index into DatasetIndex::label_names; -1 without
  uint32_t split = 0;                 ///< index into DatasetIndex::splits
};

/// Pictures of one size in a binary: one plane a colour, red, green, blue.
struct RawLayout {
  int height = 0;
  int width = 0;
  bool columns = false;  ///< a plane goes down its columns (STL-10), not along its rows
};

/// What was wrong with records that were left out.
struct BadRecords {
  int64_t count = 0;
  std::vector<std::string> first;  ///< what was wrong with the first 100

  void add(const std::string& what) {
    ++count;
    if (first.size() < 100) first.push_back(what);
  }
};

struct DatasetIndex {
  std::string format;  ///< "flickr", "coco", ...: see open_dataset()
  std::vector<std::filesystem::path> sources;
  RawLayout raw;
  std::vector<std::string> label_names;
  std::vector<std::string> splits;  ///< by first appearance; "all" where the form has none
  std::vector<Record> records;      ///< in the form's own order; folders in the order of their names' bytes
  BadRecords bad;                   ///< left out with skip_bad

  const std::string& split_of(const Record& record) const { return splits[record.split]; }
  const std::string& label_of(const Record& record) const {
    return label_names[static_cast<size_t>(record.label)];
  }
};

struct DatasetOptions {
  std::string format;              ///< one of dataset_formats(); empty: told from what is there
  std::filesystem::path pictures;  ///< folder with the pictures of a caption file; empty: looked for near it
  std::vector<std::string>
      columns;                ///< WebDataset: where captions are, "txt" or "json:NAME"; empty: see there
  bool need_pictures = true;  ///< every record's picture must be there; otherwise none is looked for
  bool skip_bad = false;      ///< leave out bad records, and count them, where the rest can still be read
  CaptionLimits limits;
};

/// The records of the split called `name`, in order. Throws Error naming the splits that there are.
DatasetIndex select_split(const DatasetIndex& index, const std::string& name);

/// The keys of one split.
std::vector<std::string> keys_of_split(const DatasetIndex& index, uint32_t split);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/dataset_index.inl.hpp>
#endif

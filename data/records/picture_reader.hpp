// Reading the pictures that an index points to, one at a time, from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/records/dataset_index.hpp>

namespace t2ue {

/// Pictures of an index, which must outlive the reader. Thread-safe. Files, binaries and .tar archives are
/// read in place, in any order. A .tar.gz can only be read from its beginning: its pictures cost nothing
/// extra in about the index's order, by any number of threads (the last 32 MiB are kept), while each step
/// further back starts the archive anew.
class PictureReader {
 public:
  explicit PictureReader(const DatasetIndex& index);
  ~PictureReader();
  PictureReader(const PictureReader&) = delete;
  PictureReader& operator=(const PictureReader&) = delete;

  /// The picture of record number `record`. Throws Error naming file and record if it has none or it cannot
  /// be read or decoded.
  Image read(size_t record) const;
  /// The picture at height x width without alpha, which is laid over white: what models are shown. A JPEG is
  /// decoded by decode_reduced(), hence not exact.
  Image read_resized(size_t record, int height, int width) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A picture from `bytes` as `layout` says.
Image image_of_raw(const RawLayout& layout, std::span<const uint8_t> bytes);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/picture_reader.inl.hpp>
#endif

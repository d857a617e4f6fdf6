// Making a folder of noise shards from caption files: by several processes at once, resumable, in constant
// memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/file_lock.hpp>
#include <t2ue/data/records/caption_stream.hpp>
#include <t2ue/noise/noise_shards.hpp>

namespace t2ue {

/// How far one process is.
struct ShardProgress {
  int64_t items = 0;  ///< captions read, of other processes' chunks too
  int64_t made = 0;   ///< of these, written now
  double share = 0;   ///< of the bytes that this process reads, 0..1
};

struct ShardJob {
  std::filesystem::path folder;
  ShardRecipe recipe;  ///< `files` is filled in from the next member
  std::vector<std::filesystem::path> files;
  CaptionStreamOptions captions;
  int rank = 0;   ///< of the processes that share the folder, 0..world-1
  int world = 1;  ///< they have to agree on it
  /// A folder of shards or a manifest that was made from the same captions: every chunk's must be the same.
  std::optional<std::filesystem::path> again;
  std::function<void(const ShardProgress&)> progress;  ///< after every chunk
};

struct ShardSummary {
  int64_t read = 0;         ///< items that this process read
  int64_t made = 0;         ///< items that it wrote
  BadRecords bad;           ///< captions that it left out
  bool complete = false;    ///< the whole folder is done, not only this process's part
  int64_t items = 0;        ///< in the folder, if it is complete
  int64_t chunks = 0;       ///< in the folder, if it is complete
  uint64_t duplicates = 0;  ///< items whose key an earlier item has, if it is complete
};

/// Makes the chunks that belong to this process and are not there yet; the last process to finish writes key
/// index and manifest. With at least as many files as processes, file S belongs to process S modulo world;
/// otherwise every process reads all files, and chunk C of each belongs to process C modulo world. The bytes
/// of the folder do not depend on how many processes there were, nor on interruptions.
///
/// A chunk that is there was finished: its captions are read again and compared, and it is kept. Memory takes
/// the captions of one chunk, NoiseMemory's 16 MiB, and a few MB for sorting keys, whatever the number of
/// captions.
///
/// `memory` may be null if the recipe is a manifest's only. Throws Error if the folder was begun with another
/// recipe or other captions, holds something else, or another process works as the same rank; for bad
/// captions (see CaptionStream); for keys that come twice, unless captions.skip_bad; and as files do. Then
/// everything finished so far stays, and the same call goes on from there.
ShardSummary make_noise_shards(const ShardJob& job, NoiseMemory* memory);

/// Whether the folder is one of noise shards, finished or not.
bool is_shard_folder(const std::filesystem::path& folder);

/// Throws Error unless the folder's manifest says that it is complete.
void check_complete(const std::filesystem::path& folder);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/noise/shard_job.inl.hpp>
#endif

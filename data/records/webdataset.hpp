// WebDataset: many tar shards, of which consecutive files of one key make a sample.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/index_builder.hpp>
#include <t2ue/data/records/tar_shard.hpp>

namespace t2ue {

/// The names that a pattern stands for: "a-{000..002}.tar" is a-000.tar, a-001.tar, a-002.tar, and "{a,b}" is
/// a, b; several groups multiply. Throws Error for a brace without its partner, nested braces, a range that
/// goes down or whose ends have different numbers of digits while the first begins with 0, and more than
/// 1,000,000 names.
std::vector<std::string> expand_braces(const std::string& pattern);

/// Whether the name ends in .tar, .tar.gz or .tgz.
bool is_shard_name(const std::string& name);

/// The shards that `path` stands for: a pattern, a shard, or a folder, whose shards are taken in the order of
/// their names. Empty if it stands for none.
std::vector<std::filesystem::path> find_shards(const std::filesystem::path& path);

/// Reads the samples of one archive: picture .jpg, .jpeg, .png or .webp, of which only the place is kept;
/// captions from options.columns, each "EXTENSION" (every line that is not blank is a caption) or "json:NAME"
/// (a string or a list of strings), or, without columns, the lines of .txt and, where there is none,
/// json:caption; class number from .cls. `label_count`: class numbers must be below it. Errors name the
/// archive and the sample.
void add_shard(ShardReader& shard, const std::string& where, uint32_t source, uint32_t split,
               int64_t label_count, IndexBuilder& builder);

/// The captions of a sample, from `columns` as add_shard() reads them. Errors begin with `where`.
std::vector<std::string> shard_captions(const Sample& sample, const std::vector<std::string>& columns,
                                        const std::string& where);

/// What add_shard() needs read: captions and class numbers, not pictures.
ShardOptions shard_options(const DatasetOptions& options);

/// Reads all shards of `path`. A shard's split is the one in its file name, or "all". Classes have the names
/// in classes.txt beside the first shard, or their numbers. A damaged shard is an error; with skip_bad its
/// samples up to there are kept, and the next shard is read.
DatasetIndex read_webdataset(const std::filesystem::path& path, const DatasetOptions& options);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/webdataset.inl.hpp>
#endif

// Lists of captioned pictures (CSV, TSV, JSON lines) and pairs folders, as data/text/captions.hpp reads them.
#pragma once

#include <filesystem>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/dataset_index.hpp>

namespace t2ue {

/// The index of pairs whose pictures' paths are relative to `folder`. `bad`: rows that were left out before.
DatasetIndex index_of_pairs(std::span<const Pair> pairs, const std::filesystem::path& folder,
                            const std::string& format, const DatasetOptions& options, BadRecords bad = {});

/// Reads a .csv, .tsv or .jsonl by the rules of read_pairs(); pictures lie in options.pictures or beside it.
/// With skip_bad bad rows are left out and counted, as missing pictures are; a bad header stays an error.
DatasetIndex read_pair_list(const std::filesystem::path& file, const DatasetOptions& options);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/pair_list.inl.hpp>
#endif

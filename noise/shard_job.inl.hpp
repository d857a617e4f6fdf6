#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/data/records/file_names.hpp>
#include <t2ue/noise/shard_job.hpp>

namespace t2ue {
namespace detail {

/// What end.json says of a caption file.
struct FileEnd {
  int64_t chunks = 0, items = 0, bad = 0;
  std::string captions_sha256;  // over those of the chunks, in order

  bool operator==(const FileEnd&) const = default;
};

inline nlohmann::ordered_json to_json(const FileEnd& end) {
  return {{"chunks", end.chunks},
          {"items", end.items},
          {"bad", end.bad},
          {"captions_sha256", end.captions_sha256}};
}

inline FileEnd read_end(const std::filesystem::path& path) {
  const nlohmann::json json = nlohmann::json::parse(read_text(path, 1 << 20), nullptr, false);
  try {
    return {json.at("chunks").get<int64_t>(), json.at("items").get<int64_t>(), json.at("bad").get<int64_t>(),
            json.at("captions_sha256").get<std::string>()};
  } catch (const nlohmann::json::exception& error) {
    fail("shards", path.string(), " is damaged: ", error.what());
  }
}

inline bool is_temporary(const std::filesystem::path& path) {
  return path.filename().string().find(".tmp-") != std::string::npos;
}

inline void remove_file(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::remove(path, code);
  check(!code, "write", "cannot remove ", path.string(), ": ", code.message());
}

/// One process's work on a folder.
class ShardWork {
 public:
  ShardWork(const ShardJob& job, NoiseMemory* memory) : job_(job), recipe_(job.recipe), memory_(memory) {
    recipe_.files.clear();
    for (const std::filesystem::path& file : job.files) recipe_.files.push_back(file.filename().string());
    check_shard_recipe(recipe_);
    check(job.world >= 1 && job.rank >= 0 && job.rank < job.world, "shards", "rank ", job.rank,
          " is outside 0..", job.world - 1);
    if (job.again) {
      const size_t files = read_shard_recipe(*job.again).files.size();
      check(files == job.files.size(), "shards", "the folder ", job.again->string(), " was made from ", files,
            " caption files, not ", job.files.size());
    }
    by_file_ = job.files.size() >= static_cast<size_t>(job.world);
    begin();
  }

  ShardSummary run() {
    for (uint32_t source = 0; source < job_.files.size(); ++source)
      if (reads(source)) bytes_ += file_bytes(job_.files[source]);
    for (uint32_t source = 0; source < job_.files.size(); ++source) {
      if (!reads(source)) continue;
      make_file(source);
      bytes_before_ += file_bytes(job_.files[source]);
    }
    const FileLock lock(lock_file());
    finish();
    return std::move(summary_);
  }

 private:
  bool reads(uint32_t source) const { return !by_file_ || is_mine(source); }
  bool owns(uint32_t source, uint32_t chunk) const { return by_file_ ? is_mine(source) : is_mine(chunk); }
  bool is_mine(uint32_t number) const {
    return static_cast<int>(number % static_cast<uint32_t>(job_.world)) == job_.rank;
  }
  std::filesystem::path lock_file() const { return job_.folder / ".lock"; }
  std::filesystem::path end_file(uint32_t source) const {
    return chunk_path(job_.folder, source, 0).parent_path() / "end.json";
  }

  /// Takes the folder, new or begun before with the same recipe.
  void begin() {
    make_folder(job_.folder);
    const std::filesystem::path path = job_.folder / "recipe.json";
    for (const std::filesystem::path& entry :
         sorted_entries(job_.folder))  // the recipe is there before the rest
      check(is_temporary(entry) || is_file(path), "write", "the folder ", job_.folder.string(),
            " is already there and holds ", entry.filename().string(), "; choose another");
    const FileLock lock(lock_file());
    if (is_file(path))
      check_same_recipe(job_.folder, read_shard_recipe(job_.folder), recipe_);
    else
      write_file(path, t2ue::to_json(recipe_).dump(1) + "\n");
    rank_lock_ = std::make_unique<FileLock>(job_.folder / concat(".lock-", job_.rank, "-of-", job_.world),
                                            FileLock::IfTaken::fail);
  }

  /// What a killed process left of chunks that are this process's.
  void remove_leftovers(uint32_t source) const {
    for (const std::filesystem::path& entry : sorted_entries(end_file(source).parent_path()))
      if (const auto chunk = chunk_number(entry); chunk && is_temporary(entry) && owns(source, *chunk))
        remove_file(entry);
  }

  /// The number at the beginning of a chunk's file name.
  static std::optional<uint32_t> chunk_number(const std::filesystem::path& entry) {
    const std::string name = entry.filename().string(), digits = name.substr(0, name.find('.'));
    if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos)
      return std::nullopt;
    return static_cast<uint32_t>(std::stoul(digits));
  }

  std::vector<NoiseItem> next_chunk(CaptionStream& stream) {
    std::vector<NoiseItem> items;
    while (items.size() < static_cast<size_t>(recipe_.shard_items)) {
      std::optional<StreamCaption> next = stream.next();
      if (!next) break;
      const bool each = recipe_.noise.per == NoisePer::caption;
      if (!each && next->number > 1) continue;
      items.push_back({each ? caption_key(next->key, next->number) : std::move(next->key),
                       std::move(next->caption),
                       {},
                       nullptr});
    }
    return items;
  }

  void make_file(uint32_t source) {
    make_folder(end_file(source).parent_path());
    remove_leftovers(source);
    CaptionStream stream(job_.files[source], job_.captions);
    FileEnd end;
    Sha256 hash;
    for (;;) {
      const std::vector<NoiseItem> items = next_chunk(stream);
      if (items.empty()) break;
      const std::string sha256 = captions_sha256(items);
      hash.update(sha256);
      make_chunk(source, static_cast<uint32_t>(end.chunks), end.items, items, sha256);
      ++end.chunks;
      end.items += static_cast<int64_t>(items.size());
      report(items.size(), stream.position());
      if (items.size() < static_cast<size_t>(recipe_.shard_items)) break;
    }
    end.bad = stream.bad().count;
    end.captions_sha256 = hash.hex();
    summary_.bad.count += end.bad;
    for (const std::string& what : stream.bad().first)
      if (summary_.bad.first.size() < 100) summary_.bad.first.push_back(what);
    end_of_file(source, end);
  }

  void make_chunk(uint32_t source, uint32_t chunk, int64_t first, const std::vector<NoiseItem>& items,
                  const std::string& sha256) {
    if (!owns(source, chunk)) return;
    const auto compare = [&](const std::filesystem::path& path) {
      check(read_captions_sha256(path) == sha256, "shards", path.string(),
            " was made from other captions than ", job_.files[source].string(), " has as its items ", first,
            " to ", first + static_cast<int64_t>(items.size()) - 1,
            "; bring those captions back, or choose another folder");
    };
    if (job_.again) compare(chunk_path(*job_.again, source, chunk));
    const std::filesystem::path path = chunk_path(job_.folder, source, chunk);
    if (is_file(path)) return compare(path);
    write_chunk(path, recipe_, items, memory_);
    summary_.made += static_cast<int64_t>(items.size());
  }

  /// Every process that reads a file to its end says the same of it.
  void end_of_file(uint32_t source, const FileEnd& end) {
    const FileLock lock(lock_file());
    const std::filesystem::path path = end_file(source);
    const auto changed = [&](bool same, const std::filesystem::path& folder) {
      check(same, "shards", job_.files[source].string(), " has ", end.items, " captions and ", end.bad,
            " bad ones now, others than when ", folder.string(),
            " was made; bring the captions back, or choose another folder");
    };
    if (job_.again) changed(read_end(*job_.again / relative(path)) == end, *job_.again);
    if (is_file(path)) changed(read_end(path) == end, job_.folder);
    for (const std::filesystem::path& entry : sorted_entries(path.parent_path()))
      if (const auto chunk = chunk_number(entry); chunk && !is_temporary(entry))
        changed(static_cast<int64_t>(*chunk) < end.chunks, job_.folder);
    if (!is_file(path)) write_file(path, to_json(end).dump() + "\n");
  }

  std::filesystem::path relative(const std::filesystem::path& path) const {
    return path.lexically_relative(job_.folder);
  }

  void report(size_t items, uint64_t position) {
    summary_.read += static_cast<int64_t>(items);
    if (!job_.progress) return;
    const double share =
        static_cast<double>(bytes_before_ + position) / static_cast<double>(std::max<uint64_t>(1, bytes_));
    job_.progress({summary_.read, summary_.made, std::min(1.0, share)});
  }

  /// If all chunks of all files are there: sorts the keys and writes the manifest.
  void finish() {
    std::vector<FileEnd> ends;
    for (uint32_t source = 0; source < job_.files.size(); ++source) {
      if (!is_file(end_file(source))) return;
      ends.push_back(read_end(end_file(source)));
      for (uint32_t chunk = 0; chunk < ends.back().chunks; ++chunk)
        if (!is_file(chunk_path(job_.folder, source, chunk))) return;
      summary_.chunks += ends.back().chunks;
      summary_.items += ends.back().items;
    }
    check(summary_.items > 0, "shards", "the caption files hold no captions");
    const std::filesystem::path manifest = job_.folder / "manifest.json";
    if (is_file(manifest)) {
      const nlohmann::json json = nlohmann::json::parse(read_text(manifest, 1 << 30), nullptr, false);
      check(json.is_object() && json.contains("duplicates") && json["duplicates"].is_number_unsigned(),
            "shards", manifest.string(), " is damaged; remove it and run again");
      summary_.duplicates = json["duplicates"].get<uint64_t>();
    } else {
      remove_all_leftovers();
      sort_keys(ends);
      write_file(manifest, manifest_json(ends).dump(1) + "\n");
    }
    summary_.complete = true;
  }

  void remove_all_leftovers() const {
    std::vector<std::filesystem::path> folders = {job_.folder};
    for (uint32_t source = 0; source < job_.files.size(); ++source)
      folders.push_back(end_file(source).parent_path());
    for (const std::filesystem::path& folder : folders)
      for (const std::filesystem::path& entry : sorted_entries(folder))
        if (is_temporary(entry)) remove_file(entry);
  }

  void sort_keys(const std::vector<FileEnd>& ends) {
    KeySorter sorter(job_.folder / ".sorting");
    for (uint32_t source = 0; source < ends.size(); ++source)
      for (uint32_t chunk = 0; chunk < ends[source].chunks; ++chunk) {
        uint32_t item = 0;
        for (const KeyHash& hash : read_key_hashes(chunk_path(job_.folder, source, chunk), recipe_))
          sorter.add({hash, source, chunk, item++});
      }
    check(sorter.count() == static_cast<uint64_t>(summary_.items), "shards", "the chunks of ",
          job_.folder.string(), " hold ", sorter.count(), " items, but the caption files have ",
          summary_.items);
    const std::filesystem::path index = recipe_.manifest_only ? "" : job_.folder / "keys.safetensors";
    const KeySorter::Duplicates found = sorter.finish(index);
    summary_.duplicates = found.count;
    check(
        found.count == 0 || job_.captions.skip_bad, "shards", found.count,
        " items have a key that an earlier one has, the first: ",
        found.first.empty() ? "" : text_of(found.first.front()),
        ". Give every picture a key of its own, put the rows of one picture behind each other, or count and "
        "keep them with --skip-bad: the first of a key is then the one that is applied");
  }

  std::string text_of(const DuplicateKey& pair) const {
    const auto place = [&](const KeyPlace& at) {
      return concat("item ", int64_t{at.chunk} * recipe_.shard_items + at.item, " of ",
                    job_.files[at.source].string());
    };
    std::string key;
    if (!recipe_.manifest_only) {
      const std::filesystem::path path = chunk_path(job_.folder, pair.first.source, pair.first.chunk);
      key = concat(" (\"", NoiseShard(path, recipe_.noise).key(pair.first.item), "\")");
    }
    return place(pair.first) + " and " + place(pair.second) + key;
  }

  nlohmann::ordered_json manifest_json(const std::vector<FileEnd>& ends) const {
    nlohmann::ordered_json json = t2ue::to_json(recipe_);
    json["complete"] = true;
    json["items"] = summary_.items;
    json["chunks"] = summary_.chunks;
    json["duplicates"] = summary_.duplicates;
    json["files"] = nlohmann::ordered_json::array();
    for (size_t source = 0; source < ends.size(); ++source) {
      nlohmann::ordered_json file = {{"name", recipe_.files[source]}};
      file.update(to_json(ends[source]));
      json["files"].push_back(std::move(file));
    }
    return json;
  }

  const ShardJob& job_;
  ShardRecipe recipe_;
  NoiseMemory* memory_;
  bool by_file_ = false;
  std::unique_ptr<FileLock> rank_lock_;
  uint64_t bytes_ = 0, bytes_before_ = 0;
  ShardSummary summary_;
};

}  // namespace detail

T2UE_INLINE ShardSummary make_noise_shards(const ShardJob& job, NoiseMemory* memory) {
  check(memory || job.recipe.manifest_only, "shards", "noise cannot be made without a generator");
  if (job.again) check_complete(*job.again);
  return detail::ShardWork(job, memory).run();
}

T2UE_INLINE bool is_shard_folder(const std::filesystem::path& folder) {
  return is_file(folder / "recipe.json");
}

T2UE_INLINE void check_complete(const std::filesystem::path& folder) {
  check(is_file(folder / "manifest.json"), "shards", "the noise shards in ", folder.string(),
        " are not complete: there is no manifest.json; run t2ue noise-shards again as before");
}

}  // namespace t2ue

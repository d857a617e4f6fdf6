// Running `t2ue noise-shards` on a few captions, and looking at what it left.
#pragma once

#include <map>

#include <t2ue/noise/noise_shards.hpp>

#include "apps/program.hpp"

namespace t2ue::testing_apps {

using Path = std::filesystem::path;

/// Three files of captions, 150 in all.
inline Path write_captions(const Path& folder) {
  std::filesystem::create_directories(folder);
  const Words things{"cat", "dog", "sun", "moon"}, colours{"red", "green", "blue", "black"};
  int number = 0;
  for (const int count : {90, 37, 23}) {
    std::string text;
    for (int i = 0; i < count; ++i, ++number)
      text += nlohmann::json{{"key", concat('k', number)},
                             {"caption", concat(colours[static_cast<size_t>(number / 4) % 4], ' ',
                                                things[static_cast<size_t>(number) % 4], ' ', number)}}
                  .dump() +
              "\n";
    write_file(folder / concat("part-", count, ".jsonl"), std::string_view(text));
  }
  return folder;
}

inline Words shards(const Path& captions, const Path& out, const Words& more = {}) {
  return Words{"noise-shards",
               "--generator",
               Workshop::get().generator,
               "--captions",
               captions,
               "--out",
               out,
               "--shard-items",
               "8",
               "--threads",
               "1",
               "--json"} +
         more;
}

/// Every file that is not hidden, by its path in the folder.
inline std::map<std::string, std::string> contents(const Path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const Path inside = entry.path().lexically_relative(folder);
    if (entry.is_regular_file() && !inside.filename().string().starts_with('.'))
      files[inside.string()] = read_text(entry.path());
  }
  return files;
}

/// The keys of all noises, in order.
inline Words keys_in(const Path& folder) {
  const ShardRecipe recipe = read_shard_recipe(folder);
  Words keys;
  for (const auto& [name, text] : contents(folder)) {
    if (!name.ends_with(".safetensors") || name.find('/') == std::string::npos) continue;
    const NoiseShard shard(folder / name, recipe.noise);
    for (size_t i = 0; i < shard.count(); ++i) keys.emplace_back(shard.key(i));
  }
  return keys;
}

/// Runs to the end, and gives the folder's files.
inline std::map<std::string, std::string> whole(const Path& captions, const Path& out,
                                                const Words& more = {}) {
  const Ended ended = program(shards(captions, out, more));
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.json().at("complete"), true);
  return contents(out);
}

}  // namespace t2ue::testing_apps

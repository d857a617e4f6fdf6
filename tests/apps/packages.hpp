// The emoji packages in small: what `t2ue data emoji` and `t2ue demo` read, without npm.
#pragma once

#include "apps/program.hpp"

namespace t2ue::testing_apps {

/// Writes an imitation of the emoji packages to `folder`: ten drawings in every class, of noise.
inline void imitate_packages(const std::filesystem::path& folder) {
  nlohmann::json list = nlohmann::json::array();
  const Words colours{"red", "green", "blue", "black", "white"}, things{"cat", "dog", "sun", "moon"};
  int number = 0;
  for (const int group : {0, 1, 3, 4, 5, 6, 7, 8})
    for (int i = 0; i < 10; ++i, ++number) {
      const std::string code = concat("1f", 100 + number);
      for (const std::string vendor : {"google", "twitter"}) {
        const auto drawings = folder / ("emoji-datasource-" + vendor) / "img" / vendor / "64";
        std::filesystem::create_directories(drawings);
        write_file(drawings / (code + ".png"), encode_png(testing_data::random_image(8, 8, 4, 1)));
      }
      const std::string name =
          colours[static_cast<size_t>(i) % 5] + " " + things[static_cast<size_t>(number) % 4];
      list.push_back({{"label", name}, {"hexcode", code}, {"group", group}});
    }
  std::filesystem::create_directories(folder / "emojibase-data/en");
  write_file(folder / "emojibase-data/en/data.json", list.dump());
}

}  // namespace t2ue::testing_apps

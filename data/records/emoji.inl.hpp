#pragma once

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <unordered_map>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/resize_image.hpp>
#include <t2ue/data/records/emoji.hpp>

namespace t2ue {
namespace detail {

/// The code points of an emoji in lower case, without the "show as a picture" mark, which packages set
/// differently.
inline std::string emoji_key(std::string code_points) {
  std::transform(code_points.begin(), code_points.end(), code_points.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (size_t at; (at = code_points.find("-fe0f")) != std::string::npos;) code_points.erase(at, 5);
  return code_points;
}

inline std::unordered_map<std::string, std::filesystem::path> emoji_drawings(
    const std::filesystem::path& folder) {
  std::unordered_map<std::string, std::filesystem::path> drawings;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code))
    if (entry.path().extension() == ".png")
      drawings.emplace(emoji_key(entry.path().stem().string()), entry.path());
  check(!code && !drawings.empty(), "emoji", "there are no drawings in ", folder,
        "; install them with `npm install emoji-datasource-google@16 emoji-datasource-twitter@16 "
        "emojibase-data@17`");
  return drawings;
}

}  // namespace detail

T2UE_INLINE std::vector<Emoji> read_emoji(const std::filesystem::path& node_modules) {
  const auto google = detail::emoji_drawings(node_modules / "emoji-datasource-google/img/google/64");
  const auto twitter = detail::emoji_drawings(node_modules / "emoji-datasource-twitter/img/twitter/64");
  const auto file = node_modules / "emojibase-data/en/data.json";
  const std::string text = read_text(file, 256 << 20);
  std::vector<Emoji> all;
  const auto add = [&](const nlohmann::json& entry, const std::string& tags, bool skin_tone) {
    const std::string key = detail::emoji_key(entry.at("hexcode").get<std::string>());
    const auto here = google.find(key), there = twitter.find(key);
    if (here == google.end() || there == twitter.end()) return;
    const auto group = entry.at("group").get<size_t>();
    check(group < emoji_groups.size(), "emoji", file, ": ", key, " is in the unknown group ", group);
    const auto name = entry.at("label").get<std::string>();
    all.push_back({key, static_cast<int>(group), name, name + tags, here->second, there->second, skin_tone});
  };
  try {
    for (const nlohmann::json& entry : nlohmann::json::parse(text)) {
      if (!entry.contains("group")) continue;  // the letters of which flags are made
      std::string tags;
      for (const nlohmann::json& tag : entry.value("tags", nlohmann::json::array()))
        tags.append(" ").append(tag.get<std::string>());
      add(entry, tags, false);
      for (const nlohmann::json& variant : entry.value("skins", nlohmann::json::array()))
        add(variant, tags, true);
    }
  } catch (const nlohmann::json::exception& error) {
    fail("emoji", file, " is not emojibase's list: ", error.what());
  }
  check(!all.empty(), "emoji", "no emoji of ", file, " is among the drawings");
  return all;
}

T2UE_INLINE Image render_drawing(const Image& drawing, int size, uint64_t seed, uint64_t item,
                                 const RenderRecipe& recipe) {
  const auto ordered = [](float least, float low, float high) {
    return least <= low && low <= high && high <= 1.0f;
  };
  check(size >= 1 && size <= 4096, "render", "a picture's side is 1 to 4096, not ", size);
  check(recipe.scale_low > 0.0f && ordered(0.0f, recipe.scale_low, recipe.scale_high) &&
            ordered(0.0f, recipe.opacity_low, recipe.opacity_high) &&
            ordered(0.0f, recipe.colour_low, recipe.colour_high) && ordered(0.0f, 0.0f, recipe.position) &&
            ordered(0.0f, 0.0f, recipe.gradient) && ordered(0.0f, 0.0f, recipe.noise) &&
            ordered(0.0f, 0.0f, recipe.saturation) && ordered(0.0f, recipe.tint_low, recipe.tint_high) &&
            ordered(0.0f, recipe.contrast_low, recipe.contrast_high) &&
            ordered(0.0f, 0.0f, recipe.brightness) && recipe.noise_cells >= 2 && recipe.noise_cells <= 64,
        "render",
        "the recipe is out of range: every share is in [0, 1], low <= high, scale_low > 0, noise_cells in "
        "2..64");
  // Every number is drawn whatever the recipe, in one order, so that a recipe's fields do not disturb each
  // other.
  Random random(seed, Purpose::render, item);
  const float scale = random.uniform(recipe.scale_low, recipe.scale_high);
  const float opacity = random.uniform(recipe.opacity_low, recipe.opacity_high);
  const float right = random.uniform(), down = random.uniform();
  const float angle = random.uniform(0.0f, 2.0f * std::numbers::pi_v<float>);
  float near[3], far[3];
  for (float& channel : near) channel = random.uniform(recipe.colour_low, recipe.colour_high);
  for (float& channel : far) channel = random.uniform(recipe.colour_low, recipe.colour_high);
  float tint[3];
  for (float& channel : tint) channel = random.uniform(recipe.tint_low, recipe.tint_high);
  const float contrast = random.uniform(recipe.contrast_low, recipe.contrast_high);
  const float middle = 0.5f + recipe.brightness * random.uniform(-1.0f, 1.0f);
  const auto cells = static_cast<size_t>(recipe.noise_cells);
  std::vector<float> grid(cells * cells * 3);
  for (float& value : grid) value = recipe.noise * random.uniform(-1.0f, 1.0f);

  const auto side = static_cast<size_t>(size);
  const int drawn = std::clamp(static_cast<int>(std::lround(scale * static_cast<float>(size))), 1, size);
  const auto place = [&](float where) {  // the first row or column of the drawing
    const int free = size - drawn;
    const int margin =
        static_cast<int>(std::lround((1.0f - recipe.position) * static_cast<float>(free) / 2.0f));
    const int shift = static_cast<int>(where * static_cast<float>(free - 2 * margin + 1));
    return static_cast<size_t>(std::min(margin + shift, free));  // rounding may give one step too many
  };
  const size_t top = place(down), left = place(right), extent = static_cast<size_t>(drawn);
  const Image scaled = resize_image(drawing, drawn, drawn);
  const auto channels = static_cast<size_t>(scaled.channels);

  Image out{size, size, 3, std::vector<uint8_t>(side * side * 3), {}, {}, 1};
  const float step = size > 1 ? 1.0f / static_cast<float>(size - 1) : 0.0f;
  const auto cell_of = [&](size_t i) { return static_cast<float>(i) * step * static_cast<float>(cells - 1); };
  for (size_t y = 0; y < side; ++y) {
    const float down_cells = cell_of(y);
    const size_t row = std::min(static_cast<size_t>(down_cells), cells - 2);
    const float v = down_cells - static_cast<float>(row);
    for (size_t x = 0; x < side; ++x) {
      const float right_cells = cell_of(x);
      const size_t column = std::min(static_cast<size_t>(right_cells), cells - 2);
      const float u = right_cells - static_cast<float>(column);
      // Along the gradient, 0 at one side and 1 at the other: at most sqrt(1/2) from the centre.
      const float along = (static_cast<float>(x) * step - 0.5f) * std::cos(angle) +
                          (static_cast<float>(y) * step - 0.5f) * std::sin(angle);
      const float mix = recipe.gradient * (0.5f + along * std::numbers::sqrt2_v<float> * 0.5f);
      const bool covered = y >= top && y < top + extent && x >= left && x < left + extent;
      const uint8_t* pixel =
          covered ? scaled.pixels.data() + ((y - top) * extent + (x - left)) * channels : nullptr;
      for (size_t c = 0; c < 3; ++c) {
        const auto at = [&](size_t r, size_t k) { return grid[(r * cells + k) * 3 + c]; };
        const float above = at(row, column) * (1.0f - u) + at(row, column + 1) * u;
        const float below = at(row + 1, column) * (1.0f - u) + at(row + 1, column + 1) * u;
        float value = near[c] + mix * (far[c] - near[c]) + above * (1.0f - v) + below * v;
        value = std::clamp(value, 0.0f, 1.0f);
        if (pixel) {
          const float cover = opacity * (channels == 4 ? static_cast<float>(pixel[3]) / 255.0f : 1.0f);
          const float grey = 0.299f * static_cast<float>(pixel[0]) + 0.587f * static_cast<float>(pixel[1]) +
                             0.114f * static_cast<float>(pixel[2]);
          const float own = static_cast<float>(pixel[c]);
          const float drawn_value = (grey + recipe.saturation * (own - grey)) / 255.0f * tint[c];
          value += cover * (drawn_value - value);
        }
        value = std::clamp(middle + contrast * (value - 0.5f), 0.0f, 1.0f);
        out.pixels[(y * side + x) * 3 + c] = static_cast<uint8_t>(std::floor(value * 255.0f + 0.5f));
      }
    }
  }
  return out;
}

}  // namespace t2ue

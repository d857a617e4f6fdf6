#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/image/resize_image.hpp>
#include <t2ue/data/records/emoji.hpp>

#include "data/pictures.hpp"

namespace {

using namespace t2ue;
using namespace t2ue::testing_data;
using testing::HasSubstr;
using Bytes = std::vector<uint8_t>;

/// A tiny imitation of the three packages.
std::filesystem::path imitation(const std::string& list) {
  const auto folder = fresh_folder();
  for (const std::string vendor : {"google", "twitter"}) {
    const auto drawings = folder / ("emoji-datasource-" + vendor) / "img" / vendor / "64";
    std::filesystem::create_directories(drawings);
    for (const char* name : {"2764-fe0f.png", "1f44b.png", "1f44b-1f3fb.png", "1f1e6.png"})
      write_file(drawings / name, encode_png(random_image(2, 2, 4)));
    if (vendor == "google") write_file(drawings / "1f600.png", encode_png(random_image(2, 2, 4)));
  }
  std::filesystem::create_directories(folder / "emojibase-data/en");
  write_file(folder / "emojibase-data/en/data.json", list);
  return folder;
}

TEST(Emoji, MatchesCodePointsOfBothVendors) {
  const auto folder = imitation(R"([
    {"label": "regional indicator A", "hexcode": "1F1E6"},
    {"label": "grinning face", "hexcode": "1F600", "group": 0},
    {"label": "red heart", "hexcode": "2764", "group": 0, "tags": ["love", "red"]},
    {"label": "waving hand", "hexcode": "1F44B", "group": 1, "tags": ["wave"],
     "skins": [{"label": "waving hand: light skin tone", "hexcode": "1F44B-1F3FB", "group": 1, "tone": 1},
               {"label": "waving hand: dark skin tone", "hexcode": "1F44B-1F3FF", "group": 1, "tone": 5}]}])");
  const auto all = read_emoji(folder);
  ASSERT_EQ(all.size(), 3u);  // no letter, and no face: Twitter has none here
  EXPECT_EQ(all[0].key, "2764");
  EXPECT_EQ(all[0].name, "red heart");
  EXPECT_EQ(all[0].caption, "red heart love red");
  EXPECT_EQ(all[0].google.filename(), "2764-fe0f.png");
  EXPECT_EQ(emoji_groups[static_cast<size_t>(all[1].group)], "people & body");
  EXPECT_FALSE(all[1].skin_tone);
  EXPECT_TRUE(all[2].skin_tone);
  EXPECT_EQ(all[2].caption, "waving hand: light skin tone wave");
  EXPECT_EQ(load_image(all[2].twitter).channels, 4);
}

TEST(Emoji, WhatIsNotThereIsSaid) {
  EXPECT_THAT(error_of([] { read_emoji(fresh_folder()); }), HasSubstr("npm install"));
  EXPECT_THAT(error_of([] { read_emoji(imitation("{")); }), HasSubstr("data.json"));
  EXPECT_THAT(error_of([] { read_emoji(imitation("[{\"group\": 0}]")); }), HasSubstr("hexcode"));
  EXPECT_THAT(error_of([] { read_emoji(imitation("[{\"group\": 0, \"hexcode\": 3}]")); }),
              HasSubstr("data.json"));
  EXPECT_THAT(
      error_of([] { read_emoji(imitation("[{\"group\": 11, \"hexcode\": \"2764\", \"label\": \"x\"}]")); }),
      HasSubstr("group 11"));
  EXPECT_THAT(error_of([] { read_emoji(imitation("[]")); }), HasSubstr("no emoji"));
}

TEST(Emoji, TheRealPackages) {
  const char* folder = std::getenv("T2UE_EMOJI");
  if (!folder) GTEST_SKIP() << "T2UE_EMOJI names no node_modules folder with the emoji packages";
  const auto all = read_emoji(folder);
  EXPECT_EQ(all.size(), 3786u);
  std::set<std::string> keys;
  std::array<int, 10> groups{};
  for (const Emoji& emoji : all) {
    keys.insert(emoji.key);
    if (!emoji.skin_tone) ++groups[static_cast<size_t>(emoji.group)];
    for (const auto& path : {emoji.google, emoji.twitter}) {
      const Image image = load_image(path);
      ASSERT_EQ(image.height, 64) << path;
      ASSERT_EQ(image.channels, 4) << path;
    }
  }
  EXPECT_EQ(keys.size(), all.size());
  EXPECT_EQ(groups, (std::array<int, 10>{169, 386, 5, 159, 131, 218, 85, 264, 224, 270}));
}

TEST(Render, PlainIsTheDrawingOnWhite) {
  const Image drawing = random_image(64, 64, 4);
  const Image expected = drop_alpha(resize_image(drawing, 32, 32));
  const Image plain = render_drawing(drawing, 32, 5, 6, RenderRecipe::plain());
  ASSERT_EQ(plain.pixels.size(), expected.pixels.size());
  for (size_t i = 0; i < plain.pixels.size(); ++i) ASSERT_NEAR(plain.pixels[i], expected.pixels[i], 1) << i;
}

TEST(Render, ByTheNumbersOfTheItem) {
  const Image drawing = random_image(64, 64, 4);
  const Bytes one = render_drawing(drawing, 32, 5, 6).pixels;
  EXPECT_EQ(render_drawing(drawing, 32, 5, 6).pixels, one);
  EXPECT_NE(render_drawing(drawing, 32, 5, 7).pixels, one);
  EXPECT_NE(render_drawing(drawing, 32, 6, 6).pixels, one);
}

/// The box of the pixels that a black drawing on white has darkened: top, bottom, left, right.
std::array<int, 4> dark_box(const Image& image) {
  std::array<int, 4> box = {image.height, -1, image.width, -1};
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      if (image.pixels[static_cast<size_t>((y * image.width + x) * 3)] < 255)
        box = {std::min(box[0], y), std::max(box[1], y), std::min(box[2], x), std::max(box[3], x)};
  return box;
}

TEST(Render, ScaleAndPositionStayInTheirBounds) {
  const Image black{8, 8, 3, Bytes(192, 0), {}, {}, 1};
  RenderRecipe recipe = RenderRecipe::plain();
  recipe.scale_low = 0.5f;
  recipe.position = 1.0f;
  std::set<int> sides, tops, lefts;
  for (uint64_t item = 0; item < 300; ++item) {
    const auto [top, bottom, left, right] = dark_box(render_drawing(black, 32, 1, item, recipe));
    EXPECT_EQ(bottom - top, right - left);
    sides.insert(bottom - top + 1);
    tops.insert(top);
    lefts.insert(left);
  }
  EXPECT_EQ(*sides.begin(), 16);
  EXPECT_EQ(*sides.rbegin(), 32);
  EXPECT_EQ(*tops.begin(), 0);
  EXPECT_GE(*tops.rbegin(), 14);
  EXPECT_GE(*lefts.rbegin(), 14);
  recipe.position = 0.0f;
  for (uint64_t item = 0; item < 50; ++item) {
    const auto [top, bottom, left, right] = dark_box(render_drawing(black, 32, 1, item, recipe));
    EXPECT_LE(std::abs(top - (31 - bottom)), 1);
    EXPECT_EQ(top, left);
  }
}

TEST(Render, OpacityIsTheContrast) {
  const Image black{1, 1, 3, Bytes(3, 0), {}, {}, 1};
  RenderRecipe recipe = RenderRecipe::plain();
  recipe.opacity_low = recipe.opacity_high = 0.25f;
  EXPECT_EQ(render_drawing(black, 2, 1, 1, recipe).pixels, Bytes(12, 191));
}

TEST(Render, ColoursOfTheDrawingAndOfThePicture) {
  const Image red{1, 1, 3, {255, 0, 0}, {}, {}, 1};
  RenderRecipe recipe = RenderRecipe::plain();
  recipe.saturation = 0.0f;
  EXPECT_EQ(render_drawing(red, 1, 1, 1, recipe).pixels, Bytes(3, 76));  // 0.299 * 255
  recipe = RenderRecipe::plain();
  recipe.tint_low = recipe.tint_high = 0.5f;
  EXPECT_EQ(render_drawing(red, 1, 1, 1, recipe).pixels, (Bytes{128, 0, 0}));
  recipe = RenderRecipe::plain();
  recipe.contrast_low = recipe.contrast_high = 0.5f;
  EXPECT_EQ(render_drawing(red, 1, 1, 1, recipe).pixels, (Bytes{191, 64, 64}));
  recipe.brightness = 0.2f;
  std::set<uint8_t> lows;
  for (uint64_t item = 0; item < 200; ++item) lows.insert(render_drawing(red, 1, 1, item, recipe).pixels[1]);
  EXPECT_NEAR(*lows.begin(), 13, 3);  // (0.25 - 0.2) * 255
  EXPECT_NEAR(*lows.rbegin(), 115, 3);
}

TEST(Render, BackgroundIsSmoothAndAsVariedAsAsked) {
  const Image hidden{1, 1, 4, Bytes(4, 0), {}, {}, 1};
  RenderRecipe recipe;
  recipe.noise = 0.0f;
  const Image flat = render_drawing(hidden, 16, 1, 1, recipe);
  for (size_t i = 3; i < flat.pixels.size(); ++i) EXPECT_EQ(flat.pixels[i], flat.pixels[i - 3]);
  for (const uint8_t value : flat.pixels) EXPECT_TRUE(value >= 51 && value <= 204);

  const auto steps = [&] {  // the largest step between neighbours, and the range
    int step = 0, low = 255, high = 0;
    for (uint64_t item = 0; item < 20; ++item) {
      const Image image = render_drawing(hidden, 33, 1, item, recipe);
      for (size_t i = 3; i < image.pixels.size(); ++i) {
        if (i / 3 % 33 != 0) step = std::max(step, std::abs(image.pixels[i] - image.pixels[i - 3]));
        low = std::min<int>(low, image.pixels[i]);
        high = std::max<int>(high, image.pixels[i]);
      }
    }
    return std::array<int, 2>{step, high - low};
  };
  recipe.gradient = 1.0f;
  EXPECT_LE(steps()[0], 6);  // a range of 153 over 32 pixels, and rounding
  EXPECT_GT(steps()[0], 2);
  recipe.gradient = 0.0f;
  recipe.noise = 0.35f;
  EXPECT_LE(steps()[0], 13);  // 0.7 * 255 over 16 pixels, two directions, and rounding
  EXPECT_GT(steps()[1], 150);
}

TEST(Render, RecipeOutOfRange) {
  const Image drawing = random_image(4, 4, 4);
  const auto refuses = [&](auto change) {
    RenderRecipe recipe;
    change(recipe);
    return !error_of([&] { render_drawing(drawing, 8, 1, 1, recipe); }).empty();
  };
  EXPECT_FALSE(refuses([](RenderRecipe&) {}));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.scale_low = 0.0f; }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.scale_low = 0.9f, r.scale_high = 0.8f; }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.opacity_high = 1.1f; }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.colour_low = std::nanf(""); }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.noise_cells = 1; }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.gradient = -1.0f; }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.saturation = 2.0f; }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.tint_low = 1.5f; }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.contrast_low = -0.1f; }));
  EXPECT_TRUE(refuses([](RenderRecipe& r) { r.brightness = std::nanf(""); }));
  EXPECT_THROW(render_drawing(drawing, 0, 1, 1), Error);
}

}  // namespace

// `t2ue methods`.
#include "apps/program.hpp"

#include <set>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/image/resize_image.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/noise/manifest.hpp>

namespace t2ue::testing_apps {
namespace {

using testing::HasSubstr;

TEST(Methods, ListsEveryCard) {
  const nlohmann::json methods = program({"methods", "--json"}).json().at("methods");
  ASSERT_EQ(methods.size(), method_names().size());
  const Ended text = program({"methods"});
  EXPECT_EQ(text.code, 0);
  for (size_t i = 0; i < methods.size(); ++i) {
    EXPECT_EQ(methods[i].at("name"), method_names()[i]);
    EXPECT_THAT(text.out, HasSubstr(method_names()[i]));
    EXPECT_TRUE(methods[i].at("options").is_array());
  }
  EXPECT_THAT(text.out, HasSubstr("linf 8/255"));
  EXPECT_THAT(text.out, HasSubstr("l2 1.30"));
}

TEST(Methods, ShowsOneWithItsOptions) {
  const Ended text = program({"methods", "ar"});
  EXPECT_THAT(text.out, HasSubstr("eps_steps = 8"));
  EXPECT_THAT(text.out, HasSubstr("zero-contact"));
  const nlohmann::json json = program({"methods", "class_filter", "--json"}).json();
  EXPECT_EQ(json.at("additive"), false);
  EXPECT_EQ(json.at("norm"), "none");
  EXPECT_EQ(json.at("options").at(0).at("name"), "blur");
  EXPECT_THAT(program({"methods", "class_filter"}).out, HasSubstr("as a whole"));
}

TEST(Methods, AnUnknownNameIsBadUsage) {
  const Ended ended = program({"methods", "nope"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("'nope'"));
  EXPECT_THAT(ended.err, HasSubstr("caption_cluster"));
}

Words noise_by(const std::string& method, const std::filesystem::path& out, const Words& more = {}) {
  return Words{"noise", "--method", method, "--captions", Workshop::get().pictures, "--out", out, "--json"} +
         more;
}

TEST(Methods, MakeNoiseWithoutAGenerator) {
  const auto folder = testing_data::fresh_folder();
  const auto distinct = [&](const std::string& method, const Words& more) {
    const auto noise = folder / method;
    const Ended made = program(noise_by(method, noise, Words{"--size", "8x8"} + more));
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_EQ(made.json().at("method"), method);
    EXPECT_EQ(made.json().at("noises"), 16);
    const auto out = folder / ("protected-" + method);
    EXPECT_EQ(program({"apply", "--pictures", Workshop::get().pictures, "--noise", noise, "--out", out}).code,
              0);
    const Ended audit = program(
        {"audit", "--originals", Workshop::get().pictures, "--protected", out, "--eps", "8", "--json"});
    EXPECT_EQ(audit.code, 0) << audit.out;
    return distinct_deltas(read_noise_manifest(noise));
  };
  EXPECT_EQ(distinct("class_random", {}), 4U);
  EXPECT_LE(distinct("caption_cluster", {"--options", R"({"clusters": 3})"}), 3U);
  EXPECT_EQ(distinct("text_lsp", {"--seed", "7"}), 16U);
  EXPECT_EQ(distinct("class_textures", {"--labels"}), 4U);

  const NoiseRecipe recipe = read_noise_manifest(folder / "caption_cluster").recipe;
  EXPECT_EQ(recipe.options, R"({"clusters":3})");
  EXPECT_EQ(read_noise_manifest(folder / "text_lsp").recipe.seed, 7U);
}

// What a model of 8 px sees of a published picture of 40 x 50: the picture and its texture, all of it.
TEST(Methods, TexturesAreStillThereForModelsThatResize) {
  const auto folder = testing_data::fresh_folder();
  PairsFolderWriter writer(folder / "pictures");
  Image grey{40, 50, 3, {}, {}, {}, 1};
  grey.pixels.assign(size_t{40} * 50 * 3, 128);
  for (const char* key : {"a", "b", "c"})
    writer.add({key, std::string(key) + ".png", {"a fish"}, "fish"}, encode_png(grey));
  writer.commit();
  ASSERT_EQ(program({"noise", "--method", "class_textures", "--labels", "--captions", folder / "pictures",
                     "--size", "8x8", "--out", folder / "noise"})
                .code,
            0);
  const auto seen = [&](const Words& more) {
    const auto out = folder / concat("out", more.size());
    const Ended ended = program(Words{"apply", "--pictures", folder / "pictures", "--noise", folder / "noise",
                                      "--out", out, "--json"} +
                                more);
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.json().at("image_size"), more.empty() ? 8 : 0);
    int least = 255;
    for (const uint8_t value : resize_image(load_image(out / "a.png"), 8, 10).pixels)
      least = std::min(least, std::abs(value - 128));
    return least;
  };
  EXPECT_GE(seen({}), 6);
  EXPECT_LE(seen({"--image-size", "0"}), 2) << "averaged away";
}

TEST(Methods, WhatCannotMakeNoiseFromAListIsSaid) {
  const auto folder = testing_data::fresh_folder();
  const Words size{"--size", "8x8"};
  const auto refused = [&](const Words& words, int code, const std::string& reason) {
    const Ended ended = program(words);
    EXPECT_EQ(ended.code, code) << testing::PrintToString(words);
    EXPECT_THAT(ended.err, HasSubstr(reason));
    EXPECT_FALSE(std::filesystem::exists(folder / "noise"));
  };
  refused(noise_by("nope", folder / "noise", size), 2, "'nope'");
  refused(noise_by("text_lsp", folder / "noise"), 2, "--size");
  refused(noise_by("t2ue", folder / "noise", size), 2, "--generator");
  refused(noise_by("text_lsp", folder / "noise", size + Words{"--options", "{"}), 2, "--options");
  refused(noise_by("text_lsp", folder / "noise", size + Words{"--options", R"({"colour": 1})"}), 2, "colour");
  refused(noise_by("text_lsp", folder / "noise", size + Words{"--generator", "g"}), 2, "--generator");
  refused(noise_by("ops", folder / "noise", size), 1, "ops");
  refused(noise_by("em", folder / "noise", size), 1, "t2ue bench");
  refused({"noise", "--method", "class_random", "--caption", "a", "--key", "b", "--size", "8x8", "--out",
           folder / "noise"},
          1, "class");
}

}  // namespace
}  // namespace t2ue::testing_apps

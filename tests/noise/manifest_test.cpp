#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <errors.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <t2ue/core/error.hpp>
#include <t2ue/core/sha256.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/methods/class_patches.hpp>
#include <t2ue/methods/random_sign.hpp>
#include <t2ue/noise/manifest.hpp>

namespace t2ue {
namespace {

using testing::HasSubstr;
using testing_errors::error_of;

std::filesystem::path fresh(const std::string& name) {
  const auto path = std::filesystem::path(testing::TempDir()) / ("t2ue-manifest-" + name);
  std::filesystem::remove_all(path);
  return path;
}

NoiseRecipe recipe() {
  NoiseRecipe recipe;
  recipe.method = "random_sign";
  recipe.generator_sha256 = sha256_hex("a generator");
  recipe.seed = 0xFFFFFFFFFFFFFFFFull;
  recipe.eps_steps = 8;
  recipe.limiter = Limiter::tanh_scale;
  recipe.resampler = Resampler::area;
  recipe.height = 4;
  recipe.width = 6;
  return recipe;
}

Noise steps_of(const std::string& key, int eps = 8) {
  const std::vector<NoiseItem> items = {{key, "", std::nullopt, nullptr}};
  return RandomSign(4, 6, eps, 1).make(items).front();
}

/// A folder with the noises "a" and "b/../c".
std::filesystem::path written(const std::string& name, const NoiseFolderWriter::Options& options = {}) {
  const auto folder = fresh(name);
  NoiseFolderWriter writer(folder, recipe(), options);
  writer.add("a", "ein \"Käse\"\n", steps_of("a"));
  writer.add("b/../c", "", steps_of("c", 3));
  writer.commit();
  return folder;
}

TEST(NoiseFolder, WhatIsWrittenIsReadBack) {
  const auto folder = written("roundtrip");
  const NoiseManifest manifest = read_noise_manifest(folder);
  EXPECT_EQ(manifest.recipe, recipe());
  ASSERT_EQ(manifest.items.size(), 2u);
  EXPECT_EQ(manifest.items[0].key, "a");
  EXPECT_EQ(manifest.items[0].caption, "ein \"Käse\"\n");
  EXPECT_EQ(manifest.items[0].caption_sha256, sha256_hex("ein \"Käse\"\n"));
  EXPECT_EQ(manifest.items[0].max_step, 8);
  EXPECT_EQ(manifest.items[1].key, "b/../c");
  EXPECT_EQ(manifest.items[1].max_step, 3);
  EXPECT_EQ(read_noise(folder, manifest.recipe, manifest.items[0]), steps_of("a"));
  EXPECT_EQ(read_noise(folder, manifest.recipe, manifest.items[1]), steps_of("c", 3));
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.insert(entry.path().filename());
  EXPECT_EQ(files, (std::set<std::string>{"a.safetensors", "b%2F.%2E%2Fc.safetensors", "manifest.jsonl"}));
}

TEST(NoiseFolder, WithheldCaptionsLeaveOnlyTheirHash) {
  const auto folder = written("withheld", {.pictures = false, .withhold_captions = true, .overwrite = false});
  EXPECT_THAT(read_text(folder / "manifest.jsonl"), testing::Not(HasSubstr("Käse")));
  const NoiseManifest manifest = read_noise_manifest(folder);
  EXPECT_EQ(manifest.items[0].caption, "");
  EXPECT_EQ(manifest.items[0].caption_sha256, sha256_hex("ein \"Käse\"\n"));
}

TEST(NoiseFolder, PicturesShowTheNoiseAndGreyIsNone) {
  const auto folder = written("pictures", {.pictures = true, .withhold_captions = false, .overwrite = false});
  const Image picture = load_image(folder / "a.png");
  const Noise noise = steps_of("a");
  ASSERT_EQ(picture.pixels.size(), noise.steps.size());
  for (size_t i = 0; i < noise.steps.size(); ++i) EXPECT_EQ(picture.pixels[i], noise.steps[i] > 0 ? 255 : 0);
  const Image scale = noise_picture({1, 1, {-8, 0, 4}}, 8);
  EXPECT_THAT(scale.pixels, testing::ElementsAre(0, 128, 191));
  EXPECT_THROW(noise_picture({1, 1, {-9, 0, 4}}, 8), Error);
}

TEST(NoiseFolder, CountsDistinctNoises) {
  const auto folder = fresh("distinct");
  NoiseRecipe class_wise = recipe();
  class_wise.method = "class_patches";
  NoiseFolderWriter writer(folder, class_wise);
  ClassPatches source(4, 6, 2, 8, 1);
  for (int i = 0; i < 9; ++i) {
    const std::vector<NoiseItem> items = {{std::to_string(i), "", i % 3, nullptr}};
    writer.add(items[0].key, "", source.make(items).front());
  }
  writer.commit();
  EXPECT_EQ(distinct_deltas(read_noise_manifest(folder)), 3u);
}

TEST(NoiseFolder, RemembersTheMethodsOptions) {
  NoiseRecipe given = recipe();
  given.options = R"({"clusters":32,"features":"words"})";
  EXPECT_EQ(noise_recipe_from_json(nlohmann::json::parse(to_json(given).dump())), given);
  EXPECT_FALSE(to_json(recipe()).contains("options")) << "folders from before have none";
  given.options = "[1]";
  EXPECT_THAT(error_of([&] { NoiseFolderWriter(fresh("options"), given); }), HasSubstr("[1]"));
  given.options = "{";
  EXPECT_THAT(error_of([&] { NoiseFolderWriter(fresh("options"), given); }), HasSubstr("object"));
}

TEST(NoiseFolder, RemembersWhatModelsSee) {
  NoiseRecipe given = recipe();
  EXPECT_FALSE(to_json(given).contains("image_size")) << "folders from before have none";
  given.image_size = 224;
  EXPECT_EQ(noise_recipe_from_json(nlohmann::json::parse(to_json(given).dump())), given);
  given.image_size = -1;
  EXPECT_THAT(error_of([&] { NoiseFolderWriter(fresh("image_size"), given); }), HasSubstr("-1"));
}

TEST(NoiseFolder, IsNotWholeBeforeCommit) {
  const auto folder = fresh("interrupted");
  {
    NoiseFolderWriter writer(folder, recipe());
    writer.add("a", "", steps_of("a"));
  }
  EXPECT_THAT(error_of([&] { read_noise_manifest(folder); }), HasSubstr("interrupted"));
  EXPECT_THAT(error_of([&] { NoiseFolderWriter(fresh("nothing"), recipe()).commit(); }),
              HasSubstr("no noise"));
}

TEST(NoiseFolder, AFolderThatIsThereIsKept) {
  const auto folder = written("there");
  const std::string before = read_text(folder / "manifest.jsonl");
  EXPECT_THAT(error_of([&] { NoiseFolderWriter(folder, recipe()); }), HasSubstr("already there"));
  EXPECT_EQ(read_text(folder / "manifest.jsonl"), before);

  NoiseFolderWriter::Options overwrite;
  overwrite.overwrite = true;
  NoiseFolderWriter writer(folder, recipe(), overwrite);
  EXPECT_THROW(read_noise_manifest(folder), Error) << "half-replaced files under the old manifest";
  writer.add("a", "new", steps_of("a", 2));
  writer.commit();
  EXPECT_EQ(read_noise_manifest(folder).items.at(0).max_step, 2);

  const auto foreign = fresh("foreign");
  std::filesystem::create_directories(foreign);
  write_file(foreign / "letter.txt", std::string_view("dear"));
  EXPECT_THROW(NoiseFolderWriter(foreign, recipe(), overwrite), Error) << "no noise folder, yet overwritten";
  EXPECT_EQ(read_text(foreign / "letter.txt"), "dear");
}

TEST(NoiseFolder, UnwritableFoldersAreErrors) {
  EXPECT_THAT(error_of([&] { NoiseFolderWriter("/proc/t2ue", recipe()); }), HasSubstr("/proc/t2ue"));
  const auto file = fresh("file");
  write_file(file, std::string_view("x"));
  EXPECT_THROW(NoiseFolderWriter(file / "below", recipe()), Error);
  EXPECT_THROW(NoiseFolderWriter(file, recipe()), Error);
}

TEST(NoiseFolder, AFullDiskIsAnError) {
  const auto folder = fresh("full");
  NoiseFolderWriter writer(folder, recipe());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 100;  // smaller than any noise file: write() fails as it does on a full disk
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  const std::string error = error_of([&] { writer.add("a", "", steps_of("a")); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(error, HasSubstr("a.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.safetensors"));
}

TEST(NoiseFolder, RefusesWhatTheRecipeDoesNotAllow) {
  NoiseFolderWriter writer(fresh("refuse"), recipe());
  EXPECT_THAT(error_of([&] { writer.add("k", "", steps_of("k", 9)); }), HasSubstr("step of 9"));
  EXPECT_THAT(error_of([&] { writer.add("k", "", {2, 2, std::vector<int8_t>(12)}); }), HasSubstr("2 x 2"));
  EXPECT_THROW(writer.add("", "", steps_of("k")), Error);
  EXPECT_THROW(writer.add("\xff", "", steps_of("k")), Error);
  EXPECT_THROW(writer.add("k", "\xff", steps_of("k")), Error);
  writer.add("k", "", steps_of("k"));
  EXPECT_THAT(error_of([&] { writer.add("k", "", steps_of("k")); }), HasSubstr("before"));
  NoiseRecipe wrong = recipe();
  wrong.eps_steps = 128;
  EXPECT_THROW(NoiseFolderWriter(fresh("eps"), wrong), Error);
  wrong = recipe();
  wrong.generator_sha256 = "abc";
  EXPECT_THROW(NoiseFolderWriter(fresh("sha"), wrong), Error);
  wrong = recipe();
  wrong.resampler = Resampler::bicubic;
  EXPECT_THAT(error_of([&] { NoiseFolderWriter(fresh("bicubic"), wrong); }), HasSubstr("bicubic"));
}

TEST(NoiseFolder, EveryTamperedManifestIsRefused) {
  const auto folder = written("tampered");
  const std::string good = read_text(folder / "manifest.jsonl");
  const auto after = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    write_file(folder / "manifest.jsonl", std::string_view(text.replace(at, from.size(), to)));
    return error_of([&] { read_noise_manifest(folder); });
  };
  EXPECT_EQ(after("a", "a"), "");
  EXPECT_THAT(after("t2ue-noise", "t2ue-other"), HasSubstr("line 1"));
  EXPECT_THAT(after("\"version\":1", "\"version\":2"), HasSubstr("version 2"));
  EXPECT_THAT(after("\"eps_steps\":8", "\"eps_steps\":800"), HasSubstr("800"));
  EXPECT_THAT(after("\"eps_steps\":8", "\"eps_steps\":-8"), HasSubstr("-8"));
  EXPECT_THAT(after("\"eps_steps\":8", "\"eps_steps\":7"), HasSubstr("step of 8"));
  EXPECT_THAT(after("\"size\":[4,6]", "\"size\":[4]"), HasSubstr("line 1"));
  EXPECT_THAT(after("\"size\":[4,6]", "\"size\":[0,6]"), HasSubstr("line 1"));
  EXPECT_THAT(after("area", "lanczos"), HasSubstr("lanczos"));
  EXPECT_THAT(after("area", "bicubic"), HasSubstr("overshoots"));
  EXPECT_THAT(after("a.safetensors", "../a.safetensors"), HasSubstr("line 2"));
  EXPECT_THAT(after("Käse", "Brot"), HasSubstr("caption"));
  EXPECT_THAT(after("\"max_step\":3", "\"max_step\":\"3\""), HasSubstr("line 3"));
  EXPECT_THAT(after("\"key\":\"a\"", "\"clef\":\"a\""), HasSubstr("key"));
  EXPECT_NE(after("}\n", "\n"), "");
  const std::string second =
      good.substr(good.find('\n') + 1, good.find('\n', good.find('\n') + 1) - good.find('\n'));
  write_file(folder / "manifest.jsonl", std::string_view(good + second));
  EXPECT_THAT(error_of([&] { read_noise_manifest(folder); }), HasSubstr("twice"));
  for (size_t length = 0; length < good.size(); length += 7) {
    if (length > 0 && good[length - 1] == '\n' && length > good.find('\n') + 1) continue;  // one item less
    write_file(folder / "manifest.jsonl", std::string_view(good).substr(0, length));
    EXPECT_NE(error_of([&] { read_noise_manifest(folder); }), "") << length;
  }
}

TEST(NoiseFolder, AChangedNoiseFileIsRefused) {
  const auto folder = written("changed");
  const NoiseManifest manifest = read_noise_manifest(folder);
  auto bytes = read_file(folder / "a.safetensors");
  bytes.back() = static_cast<uint8_t>(-bytes.back());
  write_file(folder / "a.safetensors", std::span<const uint8_t>(bytes));
  EXPECT_THAT(error_of([&] { read_noise(folder, manifest.recipe, manifest.items[0]); }),
              HasSubstr("not the noise"));
  NoiseRecipe larger = manifest.recipe;
  larger.height = 8;
  EXPECT_THAT(error_of([&] { read_noise(folder, larger, manifest.items[1]); }), HasSubstr("size"));
}

TEST(NoiseFileName, IsSafeAndDiffersWhereKeysDo) {
  EXPECT_EQ(noise_file_name("1f600-grinning_face.v2"), "1f600-grinning_face.v2");
  EXPECT_EQ(noise_file_name("a/b.png"), "a%2Fb.png");
  EXPECT_EQ(noise_file_name(".."), "%2E%2E");
  EXPECT_EQ(noise_file_name("a..b"), "a.%2Eb");
  EXPECT_EQ(noise_file_name("%2F"), "%252F");
  EXPECT_EQ(noise_file_name("é"), "%C3%A9");
  const std::string nul("a\0b", 3);
  EXPECT_EQ(noise_file_name(nul), "a%00b");
  std::set<std::string> names;
  const std::vector<std::string> keys = {"..",
                                         ".",
                                         "...",
                                         "a/b",
                                         "a%2Fb",
                                         "a\\b",
                                         "A",
                                         "a.",
                                         "a",
                                         std::string(500, 'a'),
                                         std::string(501, 'a'),
                                         std::string(400, '/')};
  for (const std::string& key : keys) {
    const std::string name = noise_file_name(key);
    names.insert(name);
    EXPECT_LE(name.size(), 180u);
    EXPECT_EQ(name.find_first_of("/\\"), std::string::npos);
    EXPECT_EQ(name.find(".."), std::string::npos);
    EXPECT_NE(name.front(), '.');
  }
  EXPECT_EQ(names.size(), keys.size());
  EXPECT_THROW(noise_file_name(""), Error);
}

}  // namespace
}  // namespace t2ue

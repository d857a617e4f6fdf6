#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/methods/random_sign.hpp>
#include <t2ue/noise/apply.hpp>
#include <t2ue/noise/audit.hpp>
#include <t2ue/noise/manifest.hpp>

#include "data/pictures.hpp"

namespace t2ue {
namespace {

using testing::HasSubstr;
using testing_data::error_of;
using testing_data::exif_block;
using testing_data::fresh_folder;
using testing_data::random_image;

Noise noise_of(const std::string& key, int height = 8, int width = 8, int eps = 8) {
  const std::vector<NoiseItem> items = {{key, "", std::nullopt, nullptr}};
  return RandomSign(height, width, eps, 1).make(items).front();
}

Image flat(int height, int width, uint8_t value, int channels = 3) {
  Image image{height, width, channels, {}, {}, {}, 1};
  image.pixels.assign(static_cast<size_t>(height * width * channels), value);
  return image;
}

TEST(ApplyNoise, AddsSignedAndCutsOnlyTheSum) {
  const Noise noise{1, 2, {-8, 8, 0, -8, 8, 3}};
  Image picture = flat(1, 2, 0);
  picture.pixels = {4, 250, 7, 100, 100, 255};
  EXPECT_THAT(apply_noise(picture, noise, Resampler::nearest).pixels,
              testing::ElementsAre(0, 255, 7, 92, 108, 255));
}

TEST(ApplyNoise, AllNegativeNoiseDarkensEveryPixel) {
  Noise noise{5, 7, std::vector<int8_t>(105, -8)};
  const Image picture = random_image(33, 21, 3);
  for (const Resampler resampler :
       {Resampler::nearest, Resampler::bilinear, Resampler::area, Resampler::tile}) {
    const Image result = apply_noise(picture, noise, resampler);
    for (size_t i = 0; i < picture.pixels.size(); ++i)
      ASSERT_EQ(result.pixels[i], std::max(0, picture.pixels[i] - 8)) << name_of(resampler);
  }
}

TEST(ApplyNoise, AlphaAndMetadataStay) {
  Image picture = random_image(6, 4, 4);
  picture.icc = {1, 2, 3};
  picture.exif = exif_block(1);
  const Image result = apply_noise(picture, noise_of("k"), Resampler::nearest);
  EXPECT_EQ(result.icc, picture.icc);
  EXPECT_EQ(result.exif, picture.exif);
  int moved = 0;
  for (size_t i = 0; i < picture.pixels.size(); ++i) {
    if (i % 4 == 3)
      ASSERT_EQ(result.pixels[i], picture.pixels[i]);
    else
      moved += result.pixels[i] != picture.pixels[i];
  }
  EXPECT_GT(moved, 60);
}

/// The upright picture of a stored one, by reflections and transposition as the EXIF standard words them.
Image upright(const Image& stored) {
  const auto make = [](const Image& from, int height, int width, auto source) {
    Image to = flat(height, width, 0, from.channels);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int c = 0; c < from.channels; ++c) {
          const auto [v, u] = source(y, x);
          to.pixels[static_cast<size_t>((y * width + x) * from.channels + c)] =
              from.pixels[static_cast<size_t>((v * from.width + u) * from.channels + c)];
        }
    return to;
  };
  const auto mirror = [&](const Image& i) {
    return make(i, i.height, i.width, [&](int y, int x) { return std::pair(y, i.width - 1 - x); });
  };
  const auto clockwise = [&](const Image& i) {
    return make(i, i.width, i.height, [&](int y, int x) { return std::pair(i.height - 1 - x, y); });
  };
  switch (stored.orientation) {
    case 2:
      return mirror(stored);
    case 3:
      return clockwise(clockwise(stored));
    case 4:
      return mirror(clockwise(clockwise(stored)));
    case 5:
      return mirror(clockwise(stored));
    case 6:
      return clockwise(stored);
    case 7:
      return clockwise(mirror(stored));
    case 8:
      return clockwise(clockwise(clockwise(stored)));
    default:
      return stored;
  }
}

TEST(ApplyNoise, NoiseLandsUprightInEveryOrientation) {
  const Noise noise = noise_of("k", 16, 16);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    Image stored = flat(5, 9, 128);
    stored.orientation = orientation;
    Image result = apply_noise(stored, noise, Resampler::bilinear);
    EXPECT_EQ(result.orientation, orientation);
    const Image shown = upright(result);
    const Noise expected = resample_noise(noise, shown.height, shown.width, Resampler::bilinear);
    EXPECT_EQ(shown.height, orientation >= 5 ? 9 : 5);
    for (size_t i = 0; i < expected.steps.size(); ++i)
      ASSERT_EQ(shown.pixels[i] - 128, expected.steps[i]) << "orientation " << orientation;
  }
  Image wrong = flat(2, 2, 0);
  wrong.orientation = 9;
  EXPECT_THROW(apply_noise(wrong, noise, Resampler::nearest), Error);
}

TEST(ApplyNoise, AnySize) {
  for (const auto& [height, width] : {std::pair(1, 1), {1, 300}, {299, 1}, {256, 256}, {1000, 3}}) {
    const Image picture = random_image(height, width, 3);
    for (const Resampler resampler :
         {Resampler::nearest, Resampler::bilinear, Resampler::area, Resampler::tile})
      EXPECT_LE(
          audit_picture(picture, apply_noise(picture, noise_of("k", 64, 48), resampler), 8).max_difference,
          8);
  }
  EXPECT_THROW(apply_noise(Image{}, noise_of("k"), Resampler::nearest), Error);
}

TEST(Survival, IsTheShareAlongTheNoise) {
  const Image original = flat(4, 4, 100);
  const Image changed = apply_noise(original, noise_of("k", 4, 4), Resampler::nearest);
  Image half = original;
  for (size_t i = 0; i < half.pixels.size(); ++i)
    half.pixels[i] = static_cast<uint8_t>((100 + changed.pixels[i]) / 2);
  EXPECT_DOUBLE_EQ(survival_of(original, changed, changed).share(), 1.0);
  EXPECT_DOUBLE_EQ(survival_of(original, changed, half).share(), 0.5);
  EXPECT_DOUBLE_EQ(survival_of(original, changed, original).share(), 0.0);
  EXPECT_DOUBLE_EQ(survival_of(original, original, changed).share(), 1.0);
  EXPECT_THROW(survival_of(original, changed, flat(4, 5, 0)), Error);
}

/// A folder with pictures "pictures/": a PNG with ICC, a rotated WebP with alpha, a JPEG, and their noise in
/// "noise/".
class Apply : public testing::Test {
 protected:
  void SetUp() override {
    Image a = random_image(20, 30, 3, 1);
    a.icc = {9, 8, 7, 6};
    Image b = random_image(17, 5, 4, 2);
    b.exif = exif_block(6);
    b.orientation = 6;
    PairsFolderWriter writer(pictures);
    writer.add({"a", "x/one.png", {"a caption", "another"}, "class"}, encode_png(a));
    writer.add({"b", "x/one.webp", {"b caption"}, ""}, encode_webp_lossless(b));
    writer.add({"c", "three.jpeg", {"c caption"}, ""}, encode_jpeg(random_image(64, 64, 3, 3), 95));
    writer.commit();
    write_noise({"a", "b", "c"});
  }

  void write_noise(const std::vector<std::string>& keys, Resampler resampler = Resampler::nearest,
                   int image_size = 0) {
    std::filesystem::remove_all(noise);
    NoiseRecipe recipe;
    recipe.method = "random_sign";
    recipe.height = recipe.width = 8;
    recipe.resampler = resampler;
    recipe.image_size = image_size;
    NoiseFolderWriter writer(noise, recipe);
    for (const std::string& key : keys) writer.add(key, "", noise_of(key));
    writer.commit();
  }

  std::string read_everything(const std::filesystem::path& below) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(below))
      if (entry.is_regular_file()) files[entry.path()] = read_text(entry.path());
    std::string all;
    for (const auto& [name, text] : files) all += name + text;
    return all;
  }

  std::filesystem::path root = fresh_folder(), pictures = root / "pictures", noise = root / "noise",
                        out = root / "out";
};

TEST_F(Apply, TiledNoiseIsForTheSizeThatModelsSee) {
  write_noise({"a", "b", "c"}, Resampler::tile, 8);
  const auto published = [&](std::optional<int> image_size) {
    std::filesystem::remove_all(out);
    ApplyOptions options;
    options.image_size = image_size;
    const ApplySummary summary = apply_folder(pictures, noise, out, options);
    EXPECT_EQ(summary.resampler, Resampler::tile);
    EXPECT_EQ(summary.image_size, image_size.value_or(8)) << "by itself the noise folder's";
    return load_image(out / read_pairs_folder(out)[2].picture).pixels;
  };
  const Image original = load_image(pictures / "three.jpeg");
  const auto expected = [&](int image_size) {
    return apply_noise(original, noise_of("c"), Resampler::tile, image_size).pixels;
  };
  EXPECT_EQ(published({}), expected(8));
  EXPECT_EQ(published(16), expected(16));
  EXPECT_EQ(published(0), expected(0));
  EXPECT_NE(expected(8), expected(16));
  EXPECT_NE(expected(16), expected(0));
  ApplyOptions wrong;
  wrong.image_size = -1;
  std::filesystem::remove_all(out);
  EXPECT_THAT(error_of([&] { apply_folder(pictures, noise, out, wrong); }), HasSubstr("-1"));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(Apply, ProtectsAFolderAndTheAuditPasses) {
  const std::string before = read_everything(pictures);
  for (const PictureFormat format : {PictureFormat::png, PictureFormat::webp}) {
    std::filesystem::remove_all(out);
    ApplyOptions options;
    options.format = format;
    std::vector<size_t> progress;
    options.progress = [&](size_t done, size_t total) {
      progress.push_back(done);
      EXPECT_EQ(total, 3u);
    };
    const ApplySummary summary = apply_folder(pictures, noise, out, options);
    EXPECT_EQ(summary.applied, 3u);
    EXPECT_EQ(summary.eps_steps, 8);
    EXPECT_FALSE(summary.surviving_share.has_value());
    EXPECT_THAT(progress, testing::ElementsAre(1, 2, 3));

    const auto pairs = read_pairs_folder(out);
    ASSERT_EQ(pairs.size(), 3u);
    EXPECT_THAT(pairs[0].captions, testing::ElementsAre("a caption", "another"));
    EXPECT_EQ(pairs[0].label, "class");
    EXPECT_EQ(pairs[0].picture, format == PictureFormat::png ? "x/one.png" : "x/one.webp");
    EXPECT_EQ(pairs[1].picture, format == PictureFormat::png ? "x/one.webp.png" : "x/one.webp.webp");
    EXPECT_EQ(pairs[2].picture, format == PictureFormat::png ? "three.png" : "three.webp");
    const Image expected =
        apply_noise(load_image(pictures / "x/one.webp"), noise_of("b"), Resampler::nearest);
    const Image saved = load_image(out / pairs[1].picture);
    EXPECT_EQ(saved.pixels, expected.pixels);
    EXPECT_EQ(saved.orientation, 6);
    EXPECT_EQ(load_image(out / pairs[0].picture).icc, (std::vector<uint8_t>{9, 8, 7, 6}));

    const AuditSummary audit = audit_folder(pictures, out, {.eps_steps = 8, .progress = {}, .picture = {}});
    EXPECT_TRUE(audit.passed()) << testing::PrintToString(audit.failures);
    EXPECT_EQ(audit.pictures, 3u);
    EXPECT_EQ(audit.total.max_difference, 8);
    EXPECT_EQ(audit.unchanged, 0u);
    EXPECT_EQ(audit.missing, 0u);
    EXPECT_GT(audit.total.eps_share(), 0.9);
    EXPECT_NEAR(audit.total.psnr(), 30.07, 0.2);  // 20 log10(255 / 8)
    EXPECT_GT(audit.ssim, 0);
    EXPECT_LT(audit.ssim, 1);
    EXPECT_FALSE(audit_folder(pictures, out, {.eps_steps = 7, .progress = {}, .picture = {}}).passed());
  }
  EXPECT_EQ(read_everything(pictures), before) << "an original was touched";
}

TEST_F(Apply, PublishesOtherCaptionsIfAskedTo) {
  ApplyOptions options;
  options.caption = [](const std::string& key, const std::string& caption) { return key + ": " + caption; };
  apply_folder(pictures, noise, out, options);
  const std::vector<Pair> published = read_pairs_folder(out);
  EXPECT_THAT(published.at(0).captions, testing::ElementsAre("a: a caption", "a: another"));
  EXPECT_THAT(published.at(2).captions, testing::ElementsAre("c: c caption"));
  EXPECT_THAT(read_pairs_folder(pictures).at(2).captions, testing::ElementsAre("c caption"));
}

TEST_F(Apply, TakesAListFileToo) {
  write_file(pictures / "list.csv", std::string_view("key,image,caption\na,x/one.png,hello\n"));
  EXPECT_EQ(apply_folder(pictures / "list.csv", noise, out).applied, 1u);
  EXPECT_EQ(audit_folder(pictures, out).missing, 2u);
}

TEST_F(Apply, JpegNeedsPermissionAndReportsWhatIsLeft) {
  std::filesystem::remove_all(pictures);
  PairsFolderWriter writer(pictures);
  writer.add({"a", "a.png", {"caption"}, ""},
             encode_png(flat(
                 8, 8, 128)));  // of the noise's size: larger would make smooth blocks of it, which survive
  writer.commit();
  ApplyOptions options;
  options.format = PictureFormat::jpeg;
  EXPECT_THAT(error_of([&] { apply_folder(pictures, noise, out, options); }), HasSubstr("lossy"));
  EXPECT_FALSE(std::filesystem::exists(out));
  options.allow_lossy = true;
  options.jpeg_quality = 100;
  const double best = apply_folder(pictures, noise, out, options).surviving_share.value();
  options.jpeg_quality = 10;
  options.overwrite = true;
  const double worst = apply_folder(pictures, noise, out, options).surviving_share.value();
  EXPECT_GT(best, 0.9);
  EXPECT_LT(best, 1.1);
  EXPECT_LT(worst, 0.5);
  options.jpeg_quality = 0;
  EXPECT_THROW(apply_folder(pictures, noise, out, options), Error);
}

TEST_F(Apply, ABadPictureStopsOrIsCounted) {
  const auto bytes = read_file(pictures / "x/one.png");
  write_file(pictures / "x/one.png", std::span(bytes).first(bytes.size() / 2));
  EXPECT_THAT(error_of([&] { apply_folder(pictures, noise, out); }), HasSubstr("x/one.png"));
  EXPECT_FALSE(std::filesystem::exists(out / "pairs.jsonl")) << "a half-made folder looks whole";
  std::filesystem::remove(pictures / "three.jpeg");
  EXPECT_THAT(error_of([&] { apply_folder(pictures, noise, root / "new"); }), HasSubstr("three.jpeg"));
  EXPECT_FALSE(std::filesystem::exists(root / "new"))
      << "what is missing is known before anything is written";
  ApplyOptions options;
  options.skip_bad = options.overwrite = true;
  const ApplySummary summary = apply_folder(pictures, noise, out, options);
  EXPECT_EQ(summary.applied, 1u);
  EXPECT_THAT(summary.skipped, testing::UnorderedElementsAre(HasSubstr("one.png"), HasSubstr("three.jpeg")));
  EXPECT_EQ(to_json(summary)["skipped"].size(), 2u);
  EXPECT_EQ(read_pairs_folder(out).size(), 1u);
  std::filesystem::remove(pictures / "x/one.webp");
  EXPECT_THAT(error_of([&] { apply_folder(pictures, noise, out, options); }), HasSubstr("none of the 3"));
}

TEST_F(Apply, EveryKeyNeedsItsNoise) {
  write_noise({"a", "c"});
  ApplyOptions options;
  options.skip_bad = true;
  EXPECT_THAT(error_of([&] { apply_folder(pictures, noise, out, options); }), HasSubstr("\"b\""));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(Apply, AnOutputFolderThatIsThereIsKept) {
  apply_folder(pictures, noise, out);
  const std::string before = read_everything(root);
  EXPECT_THAT(error_of([&] { apply_folder(pictures, noise, out); }), HasSubstr("already there"));
  ApplyOptions overwrite;
  overwrite.overwrite = true;
  for (const auto& dangerous : {pictures, noise, root, pictures / "."})
    EXPECT_THROW(apply_folder(pictures, noise, dangerous, overwrite), Error) << dangerous;
  EXPECT_EQ(read_everything(root), before);
  write_file(root / "apply.json", std::string_view("{\"format\":\"t2ue-apply\"}"));
  EXPECT_THAT(error_of([&] { apply_folder(pictures, noise, root, overwrite); }),
              HasSubstr("holds the input"));
  EXPECT_EQ(apply_folder(pictures, noise, out, overwrite).applied, 3u);
  // what an earlier run protected is an input now: it must not be removed before it is read
  EXPECT_THAT(error_of([&] { apply_folder(out, noise, out, overwrite); }), HasSubstr("holds the input"));
}

TEST_F(Apply, UnwritableFoldersAndFullDisksAreErrors) {
  EXPECT_THROW(apply_folder(pictures, noise, "/proc/t2ue"), Error);
  EXPECT_THROW(apply_folder(pictures, noise, pictures / "three.jpeg"), Error);
  EXPECT_THROW(apply_folder(root / "absent", noise, out), Error);
  EXPECT_THROW(apply_folder(pictures, root / "absent", out), Error);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 1000;  // write() fails half way through a picture, as on a full disk
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &low), 0);
  ApplyOptions options;
  options.skip_bad = true;
  const std::string error = error_of([&] { apply_folder(pictures, noise, out, options); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(error, HasSubstr("one.png")) << "a full disk is no bad picture";
  EXPECT_FALSE(std::filesystem::exists(out / "pairs.jsonl"));
}

TEST_F(Apply, TheAuditCatchesOnePlantedPixel) {
  apply_folder(pictures, noise, out);
  const Image original = load_image(pictures / "three.jpeg");
  Image saved = load_image(out / "three.png");
  size_t middle = saved.pixels.size() / 2;
  while (original.pixels[middle] < 9) ++middle;
  saved.pixels[middle] = static_cast<uint8_t>(original.pixels[middle] - 9);
  write_file(out / "three.png", std::span<const uint8_t>(encode_png(saved)));
  std::map<std::string, int> largest;
  AuditOptions options;
  options.picture = [&](const std::string& key, const Differences& found) {
    largest[key] = found.max_difference;
  };
  const AuditSummary summary = audit_folder(pictures, out, options);
  EXPECT_FALSE(summary.passed());
  EXPECT_EQ(summary.total.max_difference, 9);
  EXPECT_THAT(summary.failures, testing::ElementsAre(testing::AllOf(HasSubstr("\"c\""), HasSubstr("9/255"))));
  EXPECT_EQ(largest, (std::map<std::string, int>{{"a", 8}, {"b", 8}, {"c", 9}}));
  EXPECT_FALSE(to_json(summary)["passed"].get<bool>());
}

TEST_F(Apply, TheAuditNamesWhatCannotBeCompared) {
  apply_folder(pictures, noise, out);
  Image a = load_image(out / "x/one.png");
  a.icc.clear();
  write_file(out / "x/one.png", std::span<const uint8_t>(encode_png(a)));
  write_file(out / "three.png", std::string_view("no picture"));
  const AuditSummary summary = audit_folder(pictures, out);
  EXPECT_THAT(summary.failures, testing::ElementsAre(HasSubstr("ICC"), HasSubstr("\"c\"")));
  EXPECT_EQ(summary.missing, 0u);
  EXPECT_THAT(audit_folder(pictures / "pairs.jsonl", pictures).unchanged, 3u);
  write_file(pictures / "one.csv", std::string_view("key,image,caption\na,x/one.png,hello\n"));
  EXPECT_EQ(audit_folder(pictures / "one.csv", out).failures.size(), 3u) << "b and c have no original there";
  EXPECT_FALSE(audit_folder(root, out).passed()) << "a folder of folders of pictures has other keys";
  EXPECT_THROW(audit_folder(root / "absent", out), Error);
}

TEST(AuditPicture, MeasuresByHand) {
  Image original = flat(1, 2, 0), saved = original;
  original.pixels = {0, 5, 250, 100, 100, 255};
  saved.pixels = {0, 0, 255, 108, 97, 247};
  const Differences found = audit_picture(original, saved, 8);
  EXPECT_EQ(found.count, 6);
  EXPECT_EQ(found.max_difference, 8);
  EXPECT_EQ(found.clipped, 3);
  EXPECT_EQ(found.at_eps, 2);
  EXPECT_EQ(found.sum, 0 - 5 + 5 + 8 - 3 - 8);
  EXPECT_EQ(found.squares, 25 + 25 + 64 + 9 + 64);
  EXPECT_NEAR(found.psnr(), 10 * std::log10(65025.0 / (187.0 / 6)), 1e-12);
  EXPECT_DOUBLE_EQ(found.mean_error(), -0.5);
  EXPECT_TRUE(std::isinf(audit_picture(original, original, 8).psnr()));
  Image alpha = flat(1, 1, 9, 4), moved = alpha;
  moved.pixels[3] = 10;
  EXPECT_THAT(error_of([&] { audit_picture(alpha, moved, 8); }), HasSubstr("alpha"));
  EXPECT_THROW(audit_picture(original, alpha, 8), Error);
}

}  // namespace
}  // namespace t2ue

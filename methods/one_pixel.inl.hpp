#pragma once

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <t2ue/methods/one_pixel.hpp>

namespace t2ue {

T2UE_INLINE OnePixelStatistics::OnePixelStatistics(int classes, int height, int width)
    : height_(height), width_(width) {
  constexpr int64_t limit = (int64_t{2} << 30) / static_cast<int64_t>(8 * sizeof(Sums));
  check(classes >= 1 && height >= 1 && width >= 1, "ops", "cannot count ", classes, " classes of ", height,
        " x ", width);
  check(int64_t{height} * width <= limit / classes, "ops", classes, " classes of ", height, " x ", width,
        " would need tables of more than 2 GiB; use smaller pictures");
  counts_.resize(static_cast<size_t>(classes));
  sums_.resize(counts_.size() * static_cast<size_t>(height) * static_cast<size_t>(width) * 8);
}

T2UE_INLINE void OnePixelStatistics::add_pixels(const uint8_t* pixels, size_t channels, int label) {
  check(label >= 0 && label < classes(), "ops", "there are classes 0..", classes() - 1, ", not ", label);
  const size_t count = static_cast<size_t>(height_) * static_cast<size_t>(width_);
  Sums* sums = sums_.data() + static_cast<size_t>(label) * count * 8;
  for (size_t pixel = 0; pixel < count; ++pixel, pixels += channels)
    for (int colour = 0; colour < 8; ++colour, ++sums) {
      int64_t distance = 0;
      for (int c = 0; c < 3; ++c) distance += (colour >> (2 - c) & 1) != 0 ? 255 - pixels[c] : pixels[c];
      sums->distance += distance;
      sums->squares += distance * distance;
    }
  ++counts_[static_cast<size_t>(label)];
}

T2UE_INLINE void OnePixelStatistics::add(const Image& picture, int label) {
  check_image(picture);
  check(picture.height == height_ && picture.width == width_ && picture.orientation == 1, "ops",
        "a picture is ", picture.height, " x ", picture.width, " with the EXIF orientation ",
        picture.orientation, ", but ", height_, " x ", width_, " upright ones are counted");
  add_pixels(picture.pixels.data(), static_cast<size_t>(picture.channels), label);
}

T2UE_INLINE void OnePixelStatistics::add(std::span<const uint8_t> pixels, int label) {
  const size_t needed = static_cast<size_t>(height_) * static_cast<size_t>(width_) * 3;
  check(pixels.size() == needed, "ops", "a picture has ", pixels.size(), " bytes, not ", needed);
  add_pixels(pixels.data(), 3, label);
}

T2UE_INLINE double OnePixelStatistics::score(int label, size_t pixel, int colour) const {
  const auto n = static_cast<double>(count(label));
  check(n > 0, "ops", "class ", label, " has no picture to take statistics from");
  const size_t pixels = static_cast<size_t>(height_) * static_cast<size_t>(width_);
  const Sums& sums =
      sums_.at((static_cast<size_t>(label) * pixels + pixel) * 8 + static_cast<size_t>(colour));
  const double mean = static_cast<double>(sums.distance) / n;
  const double variance = static_cast<double>(sums.squares) / n - mean * mean;
  return mean / std::sqrt(std::max(variance, 0.25));
}

T2UE_INLINE std::vector<OnePixel> choose_one_pixels(const OnePixelStatistics& statistics) {
  const size_t pixels = static_cast<size_t>(statistics.height()) * static_cast<size_t>(statistics.width());
  check(static_cast<size_t>(statistics.classes()) <= 8 * pixels, "ops", "there are ", 8 * pixels,
        " pixels and colours for ", statistics.classes(), " classes");
  const auto width = static_cast<size_t>(statistics.width());
  std::set<std::pair<size_t, int>> taken;
  std::vector<OnePixel> chosen;
  for (int label = 0; label < statistics.classes(); ++label) {
    double best = -1;
    std::pair<size_t, int> choice;
    for (size_t pixel = 0; pixel < pixels; ++pixel)
      for (int colour = 0; colour < 8; ++colour) {
        const double score = statistics.score(label, pixel, colour);
        if (score > best && !taken.contains({pixel, colour})) {
          best = score;
          choice = {pixel, colour};
        }
      }
    taken.insert(choice);
    chosen.push_back(
        {static_cast<int>(choice.first / width), static_cast<int>(choice.first % width), choice.second});
  }
  return chosen;
}

T2UE_INLINE MethodCard OnePixelShortcut::describe() {
  MethodCard card;
  card.name = "ops";
  card.summary = "one pixel of one extreme colour a class (Wu et al., 2023)";
  card.needs_label = true;
  card.needs_image = true;
  card.norm = Norm::l0;
  card.eps = 1;
  card.additive = false;
  card.independence = Independence::image_statistics;
  return card;
}

T2UE_INLINE OnePixelShortcut::OnePixelShortcut(const OnePixelStatistics& statistics)
    : card_(describe()),
      height_(statistics.height()),
      width_(statistics.width()),
      pixels_(choose_one_pixels(statistics)) {}

T2UE_INLINE Image OnePixelShortcut::apply(const NoiseItem& item, const Image& picture) const {
  check_upright(item, picture);
  check(picture.height == height_ && picture.width == width_, card_.name, "the picture of \"", item.key,
        "\" is ", picture.height, " x ", picture.width, ", but the pixels were chosen for ", height_, " x ",
        width_);
  const OnePixel& pixel =
      pixels_[static_cast<size_t>(class_of(item, card_.name, static_cast<int>(pixels_.size())))];
  Image result = picture;
  const auto at =
      (static_cast<size_t>(pixel.row) * static_cast<size_t>(width_) + static_cast<size_t>(pixel.column)) *
      static_cast<size_t>(picture.channels);
  const std::array<uint8_t, 3> rgb = pixel.rgb();
  std::copy(rgb.begin(), rgb.end(), result.pixels.begin() + static_cast<int64_t>(at));
  return result;
}

}  // namespace t2ue

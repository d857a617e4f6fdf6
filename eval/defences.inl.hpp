#pragma once

#include <algorithm>
#include <array>
#include <functional>

#include <t2ue/core/rng.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/image/resize_image.hpp>
#include <t2ue/eval/defences.hpp>
#include <t2ue/eval/orthogonal_projection.hpp>
#include <t2ue/noise/noise_source.hpp>

namespace t2ue {

namespace detail {

inline Image grey_picture(Image picture) {
  for (size_t p = 0; p + 2 < picture.pixels.size(); p += 3) {
    uint8_t* rgb = &picture.pixels[p];
    // Weights in thousandths, rounded to nearest: the same on every machine.
    const int luma = (299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000;
    rgb[0] = rgb[1] = rgb[2] = static_cast<uint8_t>(luma);
  }
  return picture;
}

inline Image fewer_bits(Image picture, int bits) {
  const int top = (1 << bits) - 1;
  for (uint8_t& value : picture.pixels) {
    const int level = value >> (8 - bits);
    value = static_cast<uint8_t>((level * 255 + top / 2) / top);
  }
  return picture;
}

/// The value of channel c at (y, x), edges repeated.
inline int pixel_at(const Image& picture, int y, int x, int c) {
  y = std::clamp(y, 0, picture.height - 1);
  x = std::clamp(x, 0, picture.width - 1);
  return picture.pixels[static_cast<size_t>((y * picture.width + x) * 3 + c)];
}

/// A new value for every channel of every pixel.
template <class F>
Image map_neighbourhoods(const Image& picture, const F& value) {
  Image out = picture;
  for (int y = 0; y < picture.height; ++y)
    for (int x = 0; x < picture.width; ++x)
      for (int c = 0; c < 3; ++c)
        out.pixels[static_cast<size_t>((y * picture.width + x) * 3 + c)] =
            static_cast<uint8_t>(value(y, x, c));
  return out;
}

inline Image blurred(const Image& picture) {
  // exp(-d*d/2) for sigma 1 in 1/1024, normalised: sums to 1024.
  static constexpr std::array<int, 5> kernel{56, 250, 412, 250, 56};
  return map_neighbourhoods(picture, [&](int y, int x, int c) {
    int sum = 1 << 19;  // half of 1024 * 1024
    for (int dy = -2; dy <= 2; ++dy)
      for (int dx = -2; dx <= 2; ++dx)
        sum += kernel[static_cast<size_t>(dy + 2)] * kernel[static_cast<size_t>(dx + 2)] *
               pixel_at(picture, y + dy, x + dx, c);
    return sum >> 20;
  });
}

inline Image median_filtered(const Image& picture) {
  return map_neighbourhoods(picture, [&](int y, int x, int c) {
    std::array<int, 9> values{};
    for (int i = 0; i < 9; ++i)
      values[static_cast<size_t>(i)] = pixel_at(picture, y + i / 3 - 1, x + i % 3 - 1, c);
    std::nth_element(values.begin(), values.begin() + 4, values.end());
    return values[4];
  });
}

inline Image with_uniform_noise(Image picture, uint64_t seed, uint64_t item) {
  Random random(seed, Purpose::defence, item);
  for (uint8_t& value : picture.pixels) {
    const int step = static_cast<int>(random.below(17)) - 8;
    value = static_cast<uint8_t>(std::clamp(value + step, 0, 255));
  }
  return picture;
}

using PictureDefence = std::function<Image(const Image&, uint64_t seed, uint64_t item)>;

inline PictureDefence jpeg_defence(int quality) {
  return [quality](const Image& picture, uint64_t, uint64_t) {
    Image plain{picture.height, picture.width, 3, picture.pixels, {}, {}, 1};
    return decode_image(encode_jpeg(plain, quality));
  };
}

inline const std::vector<std::pair<std::string, PictureDefence>>& picture_defences() {
  static const std::vector<std::pair<std::string, PictureDefence>> defences{
      {"gray", [](const Image& p, uint64_t, uint64_t) { return grey_picture(p); }},
      {"jpeg-75", jpeg_defence(75)},
      {"jpeg-50", jpeg_defence(50)},
      {"jpeg-30", jpeg_defence(30)},
      {"jpeg-10", jpeg_defence(10)},
      {"bits-2", [](const Image& p, uint64_t, uint64_t) { return fewer_bits(p, 2); }},
      {"bits-3", [](const Image& p, uint64_t, uint64_t) { return fewer_bits(p, 3); }},
      {"blur", [](const Image& p, uint64_t, uint64_t) { return blurred(p); }},
      {"median", [](const Image& p, uint64_t, uint64_t) { return median_filtered(p); }},
      {"resize",
       [](const Image& p, uint64_t, uint64_t) {
         const Image half = resize_image(p, std::max(1, p.height / 2), std::max(1, p.width / 2));
         return resize_image(half, p.height, p.width);
       }},
      {"noise",
       [](const Image& p, uint64_t seed, uint64_t item) { return with_uniform_noise(p, seed, item); }}};
  return defences;
}

inline const std::vector<std::string>& training_defences() {
  static const std::vector<std::string> names{
      "none",         "crop-flip",    "gray-half",       "cutout",  "mixup",       "cutmix",
      "auto-augment", "rand-augment", "trivial-augment", "ueraser", "ueraser-max", "adversarial"};
  return names;
}

/// The defence that learns from the whole set.
inline const std::string projection_defence = "projection";

}  // namespace detail

T2UE_INLINE std::vector<std::string> defence_names() {
  std::vector<std::string> names = detail::training_defences();
  for (const auto& [name, defence] : detail::picture_defences()) names.push_back(name);
  names.push_back(detail::projection_defence);
  return names;
}

T2UE_INLINE bool is_training_defence(const std::string& name) {
  const auto& names = detail::training_defences();
  return std::find(names.begin(), names.end(), name) != names.end();
}

T2UE_INLINE Image defend_picture(const Image& picture, const std::string& name, uint64_t seed,
                                 uint64_t item) {
  check_image(picture);
  check(picture.channels == 3, "defence", name, " takes RGB pictures, not ", picture.channels, " channels");
  check(name != detail::projection_defence, "defence", name,
        " learns from all pictures; use defend_pictures()");
  for (const auto& [known, defence] : detail::picture_defences())
    if (known == name) return defence(picture, seed, item);
  fail("defence", "'", name, "' is not a defence that changes pictures; defence_names() lists them all");
}

T2UE_INLINE void defend_pictures(PairDataset& data, const std::string& name, uint64_t seed) {
  if (is_training_defence(name)) return;
  if (name == detail::projection_defence) return project_out_linear(data, seed);
  for (int64_t i = 0; i < data.count(); ++i) {
    const auto bytes = data.picture(i);
    const Image picture{data.size, data.size, 3, {bytes.begin(), bytes.end()}, {}, {}, 1};
    const Image defended =
        defend_picture(picture, name, seed, item_number(data.keys[static_cast<size_t>(i)]));
    std::copy(defended.pixels.begin(), defended.pixels.end(),
              data.pixels.begin() + i * static_cast<int64_t>(data.picture_bytes()));
  }
}

T2UE_INLINE bool is_defended_where_measured(const std::string& name) {
  return name == "gray";
}

T2UE_INLINE void prepare_measured(PairDataset& data, const std::string& name) {
  if (is_defended_where_measured(name)) defend_pictures(data, name, 0);
}

T2UE_INLINE TrainRecipe defend_recipe(TrainRecipe recipe, const std::string& name, int size, bool classes) {
  if (name == "crop-flip") {
    recipe.min_area = std::min(recipe.min_area, 0.5f);
    recipe.flip = true;
  } else if (name == "gray-half") {
    recipe.grayscale = 0.5f;
  } else if (name == "cutout") {
    recipe.cutout = std::max(1, size / 2);
  } else if (name == "mixup") {
    check(classes, "defence", "mixup mixes labels, and CLIP learns from captions");
    recipe.mixup_alpha = 1.0f;
    recipe.cutmix_alpha = 0;
  } else if (name == "cutmix") {
    check(classes, "defence", "cutmix mixes labels, and CLIP learns from captions");
    recipe.cutmix_alpha = 1.0f;
    recipe.mixup_alpha = 0;
  } else if (name == "adversarial") {
    recipe.adversarial_radius = 4;
  } else if (name == detail::projection_defence) {
    check(classes, "defence", "projection learns classes, and captions are none");
  } else if (name == "ueraser-max") {
    recipe.augmentation_policy = AugmentationPolicy::ueraser;
    recipe.augmentation_draws = 5;
    recipe.mixup_alpha = recipe.cutmix_alpha = 0;
  } else if (const std::vector<std::string> policies = kind_names<AugmentationPolicy>();
             std::find(policies.begin() + 1, policies.end(), name) != policies.end()) {
    recipe.augmentation_policy = kind_named<AugmentationPolicy>(name);
  }
  return recipe;
}

}  // namespace t2ue

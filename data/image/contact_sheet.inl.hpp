#pragma once

#include <algorithm>

#include <t2ue/core/error.hpp>
#include <t2ue/data/image/contact_sheet.hpp>
#include <t2ue/data/image/resize_image.hpp>

namespace t2ue {

T2UE_INLINE Image fit_picture(const Image& image, int side) {
  const int longer = std::max(image.height, image.width);
  const auto fit = [&](int length) {
    return static_cast<int>(std::max<int64_t>(1, int64_t{length} * side / longer));
  };
  return resize_image(drop_alpha(image), fit(image.height), fit(image.width));
}

T2UE_INLINE Image contact_sheet(std::span<const Image> pictures, int columns, int cell) {
  constexpr int gap = 2;
  constexpr uint8_t grey = 96;
  check(!pictures.empty() && columns >= 1 && columns <= 1000 && cell >= 1 && cell <= 1000, "sheet",
        "a sheet of ", pictures.size(), " pictures in ", columns, " columns of ", cell,
        " pixels is not possible; columns and cells are 1..1000");
  const auto count = static_cast<int64_t>(pictures.size());
  const int64_t across = std::min<int64_t>(columns, count), down = (count + columns - 1) / columns;
  const int64_t width = across * (cell + gap) + gap, height = down * (cell + gap) + gap;
  check(width * height <= 100'000'000, "sheet", "a sheet of ", width, " x ", height, " pixels is too large");
  Image sheet{static_cast<int>(height), static_cast<int>(width), 3, {}, {}, {}, 1};
  sheet.pixels.assign(static_cast<size_t>(width * height * 3), grey);
  for (int64_t i = 0; i < count; ++i) {
    const Image small = fit_picture(pictures[static_cast<size_t>(i)], cell);
    const int64_t top = i / columns * (cell + gap) + gap + (cell - small.height) / 2;
    const int64_t left = i % columns * (cell + gap) + gap + (cell - small.width) / 2;
    for (int y = 0; y < small.height; ++y)
      std::copy_n(small.pixels.begin() + ptrdiff_t{y} * small.width * 3, small.width * 3,
                  sheet.pixels.begin() + ((top + y) * width + left) * 3);
  }
  return sheet;
}

}  // namespace t2ue

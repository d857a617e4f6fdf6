// Any bytes are either refused with t2ue::Error or give a picture that can be written and resized.
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/data/image/resize_image.hpp>

#include "fuzz.hpp"

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const int channels : {3, 4}) {
    t2ue::Image image{5, 7, channels, {}, {}, {}, 6};
    for (int i = 0; i < 35 * channels; ++i) image.pixels.push_back(static_cast<uint8_t>(i * 37));
    image.icc.assign(60, 9);
    image.exif = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0};
    for (const auto& bytes :
         {t2ue::encode_png(image), t2ue::encode_png(image, 0), t2ue::encode_webp_lossless(image),
          t2ue::encode_jpeg(t2ue::drop_alpha(image), 80)})
      seeds.emplace_back(bytes.begin(), bytes.end());
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  t2ue::DecodeLimits limits;
  limits.max_pixels = 1 << 16;
  limits.max_metadata_bytes = 1 << 16;
  try {
    const t2ue::Image image = t2ue::decode_image({data, size}, limits);
    t2ue::check_image(image);
    t2ue::resize_image(image, 3, 3);
    t2ue::encode_png(image, 0);
  } catch (const t2ue::Error&) {
  }
  return 0;
}

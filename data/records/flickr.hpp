// Flickr8k and Flickr30k as published: a text of captions beside a folder of pictures.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/index_builder.hpp>

namespace t2ue {

/// Reads captions in one of the forms that Flickr8k and Flickr30k are found in, told by the first line:
/// - `NAME.jpg#0<TAB>CAPTION`: Flickr8k.token.txt, results_20130124.token
/// - `image_name| comment_number| comment`: results.csv
/// - `image,caption`: captions.txt, and CSV whose header has image or image_name, and caption
///
/// A picture's key is its name without ".jpg". Error, naming the line after `where`, for a line of
/// another form, and by the rules of IndexBuilder. Adds to `split`.
void parse_flickr_captions(std::string_view text, const std::string& where, uint32_t split,
                           IndexBuilder& builder);

/// The caption file that `path` is, or holds (also in a folder Flickr8k_text or annotations); empty if none.
std::filesystem::path find_flickr_captions(const std::filesystem::path& path);

/// Reads such a file, or the folder that holds it. The splits are those of Flickr_8k.trainImages.txt,
/// .devImages.txt (as val) and .testImages.txt where they lie beside it, with "unlisted" for the rest;
/// otherwise the one in the file's name, or "all".
DatasetIndex read_flickr(const std::filesystem::path& path, const DatasetOptions& options);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/records/flickr.inl.hpp>
#endif

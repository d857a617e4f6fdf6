#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/folders.hpp>
#include <t2ue/core/safetensors.hpp>
#include <t2ue/eval/retrieval_export.hpp>

namespace t2ue {

namespace detail {

/// One JSON object a line. Keys may hold bytes that are not UTF-8: they are replaced rather than refused.
inline void write_json_lines(const std::filesystem::path& path, size_t count,
                             const std::function<nlohmann::ordered_json(size_t)>& line) {
  AtomicFile file(path);
  for (size_t i = 0; i < count; ++i)
    file.write(line(i).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  file.commit();
}

inline void write_ranks(const std::filesystem::path& path, const std::vector<QueryStanding>& standings) {
  write_json_lines(path, standings.size(), [&](size_t i) {
    const QueryStanding& standing = standings[i];
    return nlohmann::ordered_json{{"row", i},
                                  {"rank", standing.rank()},
                                  {"rank_optimistic", standing.rank_optimistic()},
                                  {"rank_pessimistic", standing.rank_pessimistic()}};
  });
}

}  // namespace detail

T2UE_INLINE void export_retrieval(const std::filesystem::path& folder, const RetrievalExport& what,
                                  const nlohmann::json& summary) {
  const size_t pictures = what.keys.size(), captions = what.captions.size();
  const auto width = static_cast<size_t>(what.dim);
  check(what.dim >= 1 && what.owner.size() == captions && what.image_features.size() == pictures * width &&
            what.text_features.size() == captions * width &&
            what.result.image_to_text.standings.size() == pictures &&
            what.result.text_to_image.standings.size() == captions,
        "export", pictures, " pictures and ", captions, " captions in ", what.dim,
        " dimensions do not fit their ", what.image_features.size(), " and ", what.text_features.size(),
        " values, ", what.owner.size(), " owners, ", what.result.image_to_text.standings.size(), " and ",
        what.result.text_to_image.standings.size(), " ranks");
  for (const int64_t owner : what.owner)
    check(owner >= 0 && static_cast<size_t>(owner) < pictures, "export", "a caption belongs to picture ",
          owner, " of ", pictures);
  make_empty_folder(folder);

  SafetensorsWriter features;
  features.add("image_features", {static_cast<int64_t>(pictures), what.dim}, what.image_features);
  features.add("text_features", {static_cast<int64_t>(captions), what.dim}, what.text_features);
  features.add("owner", {static_cast<int64_t>(captions)}, what.owner);
  features.save(folder / "features.safetensors", {{"format", "t2ue"}, {"kind", "retrieval features"}});
  detail::write_json_lines(folder / "pictures.jsonl", pictures, [&](size_t i) {
    return nlohmann::ordered_json{{"row", i}, {"key", what.keys[i]}};
  });
  detail::write_json_lines(folder / "captions.jsonl", captions, [&](size_t j) {
    return nlohmann::ordered_json{
        {"row", j}, {"key", what.keys[static_cast<size_t>(what.owner[j])]}, {"caption", what.captions[j]}};
  });
  detail::write_ranks(folder / "image_to_text.jsonl", what.result.image_to_text.standings);
  detail::write_ranks(folder / "text_to_image.jsonl", what.result.text_to_image.standings);
  write_file(folder / "retrieval.json",
             std::string_view(summary.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
}

}  // namespace t2ue

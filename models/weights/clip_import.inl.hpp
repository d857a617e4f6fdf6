#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <set>

#include <t2ue/models/weights/clip_import.hpp>
#include <t2ue/models/weights/positions.hpp>
#include <t2ue/models/weights/safetensors_index.hpp>

namespace t2ue {

namespace detail {

/// torch.save writes a zip archive, before version 1.6 a bare pickle. The length of a safetensors header can
/// begin like one, but its upper bytes are zero and a brace follows.
inline void refuse_pickles(const std::filesystem::path& path) {
  std::array<char, 9> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  const std::string_view magic(start.data(), start.size());
  if (magic.ends_with(std::string_view("\0\0\0\0{", 5))) return;
  if (!magic.starts_with("PK\3\4") && !(magic[0] == '\x80' && magic[1] >= 1 && magic[1] <= 5)) return;
  const std::string from = path.string(), to = std::filesystem::path(path).replace_extension("safetensors");
  fail("clip weights", from,
       " is a pickled PyTorch file, which can run any code; if you trust it, convert it with Python:\n"
       "  import torch, safetensors.torch; w = torch.load('",
       from,
       "', 'cpu', weights_only=False); w = w.state_dict() if hasattr(w, 'state_dict') else "
       "w.get('state_dict', w)\n  safetensors.torch.save_file({k.removeprefix('module.'): "
       "v.detach().clone().contiguous() for k, v in w.items() if hasattr(v, 'shape')}, '",
       to, "')");
}

/// The side of a square grid of that many cells; 0 if there is none.
inline int64_t square_side(int64_t cells) {
  if (cells < 1) return 0;
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(cells))));
  return side * side == cells ? side : 0;
}

/// Are these positions of an image tower, on a grid of another size than the model's?
inline bool is_other_grid(const Parameter& parameter, const SafetensorsView& view) {
  if (!parameter.name.starts_with("visual.") || !parameter.name.ends_with("positional_embedding"))
    return false;
  return view.shape.size() == 2 && view.shape[1] == parameter.shape[1] &&
         view.shape[0] != parameter.shape[0] && square_side(view.shape[0] - 1) > 0 &&
         square_side(parameter.shape[0] - 1) > 0;
}

/// Some files hold the temperature as [1] instead of [].
inline bool is_same_shape(std::vector<int64_t> theirs, const std::vector<int64_t>& needed) {
  if (needed.empty() && theirs == std::vector<int64_t>{1}) theirs.clear();
  return theirs == needed;
}

inline bool is_floating(SafetensorsType type) {
  return type == SafetensorsType::F64 || type == SafetensorsType::F32 || type == SafetensorsType::F16 ||
         type == SafetensorsType::BF16;
}

/// The parameter's numbers, from a file that was found to fit.
inline std::vector<float> weight_values(const SafetensorsFile& file, const std::string& path,
                                        const Parameter& parameter, ClipNames names) {
  const ForeignWeight weight = foreign_weight(parameter.name, parameter.shape, names);
  std::vector<float> values(static_cast<size_t>(parameter.shape.elements()));
  const auto count = static_cast<size_t>(weight.elements());
  for (size_t part = 0; part < weight.names.size(); ++part) {
    const SafetensorsView& view = file.at(weight.names[part]);
    std::vector<float> theirs = to_floats(view);
    const auto bad = std::find_if(theirs.begin(), theirs.end(), [](float x) { return !std::isfinite(x); });
    check(bad == theirs.end(), "clip weights", path, ": element ", bad - theirs.begin(), " of '",
          weight.names[part], "' is ", bad == theirs.end() ? 0.0f : *bad);
    if (is_other_grid(parameter, view))
      theirs = resize_positions(theirs, square_side(view.shape[0] - 1), square_side(parameter.shape[0] - 1),
                                parameter.shape[1]);
    from_foreign(weight, theirs, std::span(values).subspan(part * count, count));
  }
  return values;
}

inline void append_some(std::string& text, const std::vector<std::string>& list, std::string_view what) {
  if (list.empty()) return;
  text += concat(", ", list.size(), " ", what, " (");
  constexpr size_t shown = 3;
  for (size_t i = 0; i < std::min(list.size(), shown); ++i) text += (i ? ", " : "") + list[i];
  text += list.size() > shown ? ", ...)" : ")";
}

}  // namespace detail

T2UE_INLINE std::string WeightReport::text() const {
  std::string text = concat(loaded.size(), " tensors fit");
  for (const auto& [type, count] : types)
    text += concat(type == types.begin()->first ? " (" : ", ", count, " ", name_of(type));
  if (!types.empty()) text += ")";
  detail::append_some(text, resized, "of them resized");
  detail::append_some(text, missing, "missing");
  detail::append_some(text, unexpected, "unexpected");
  detail::append_some(text, unfit, "of another shape or type");
  return concat(text, ", ", ignored.size(), " ignored; ", name_of(names), "'s names");
}

T2UE_INLINE WeightReport compare_clip_weights(const SafetensorsFile& file, const ParameterSet& parameters,
                                              const std::string& path) {
  WeightReport report;
  report.names = detect_clip_names(file, path);
  std::set<std::string> expected;
  for (const Parameter* parameter : parameters.all()) {
    const ForeignWeight weight = foreign_weight(parameter->name, parameter->shape, report.names);
    for (const std::string& name : weight.names) {
      expected.insert(name);
      const auto found = file.tensors().find(name);
      if (found == file.tensors().end()) {
        report.missing.push_back(name);
        continue;
      }
      const SafetensorsView& view = found->second;
      const bool resized = detail::is_other_grid(*parameter, view);
      if (!detail::is_floating(view.dtype) || !(resized || detail::is_same_shape(view.shape, weight.shape))) {
        report.unfit.push_back(concat(name, ": ", name_of(view.dtype), " ", shape_text(view.shape),
                                      ", needed ", shape_text(weight.shape)));
        continue;
      }
      report.loaded.push_back(name);
      ++report.types[view.dtype];
      if (resized) report.resized.push_back(name);
    }
  }
  for (const auto& [name, view] : file.tensors())
    if (!expected.contains(name)) (is_bookkeeping(name) ? report.ignored : report.unexpected).push_back(name);
  for (auto* list : {&report.loaded, &report.resized, &report.missing, &report.unfit})
    std::sort(list->begin(), list->end());
  return report;
}

T2UE_INLINE SafetensorsFile open_clip_weights(const std::filesystem::path& path) {
  detail::refuse_pickles(path);
  return open_safetensors(path);
}

T2UE_INLINE WeightReport import_clip(const std::filesystem::path& path, ParameterSet& parameters) {
  const SafetensorsFile file = open_clip_weights(path);
  WeightReport report = compare_clip_weights(file, parameters, path.string());
  check(report.fits(), "clip weights", path.string(), " does not fit the model: ", report.text(),
        "; choose the configuration that the weights were trained with");
  for (Parameter* parameter : parameters.all())
    parameter->value.assign(detail::weight_values(file, path.string(), *parameter, report.names));
  parameters.refresh_shadows();
  return report;
}

}  // namespace t2ue

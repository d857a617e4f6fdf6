#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/methods/table_noise.hpp>

namespace t2ue {

namespace detail {

inline const SurrogateMethod& surrogate_method_of(const std::string& where, const std::string& name) {
  const SurrogateMethod* method = find_surrogate_method(name);
  check(method != nullptr, "noise table", where, " is of the method '", name,
        "', which has no surrogate here");
  return *method;
}

inline void check_noise_table(const std::string& where, const NoiseTableFile& file) {
  surrogate_card(surrogate_method_of(where, file.method), file.unit, file.eps_steps);
  check(file.size >= 1 && file.size <= 65536 && file.rows() >= 1 &&
            file.rows() * file.size * file.size * 3 == static_cast<int64_t>(file.steps.size()),
        "noise table", where, ": ", file.steps.size(), " steps are no rows of ", file.size, " x ", file.size,
        " x 3");
  for (const int8_t step : file.steps)
    check(std::abs(int{step}) <= file.eps_steps, "noise table", where, ": a step of ", int{step},
          " passes the budget of ", file.eps_steps);
  check(file.keys.size() == file.row_of_key.size() && file.keys.empty() == (file.unit == NoiseUnit::label),
        "noise table", where, ": ", file.keys.size(), " keys and ", file.row_of_key.size(),
        " rows of keys for the unit ", name_of(file.unit));
  std::unordered_set<std::string_view> seen;
  for (size_t i = 0; i < file.keys.size(); ++i) {
    check(seen.insert(file.keys[i]).second, "noise table", where, ": the key '", file.keys[i],
          "' comes twice");
    check(file.row_of_key[i] >= 0 && file.row_of_key[i] < file.rows(), "noise table", where, ": the key '",
          file.keys[i], "' has row ", file.row_of_key[i], " of ", file.rows());
  }
  check(file.triggers.empty() || file.triggers.size() == file.keys.size(), "noise table", where, ": ",
        file.triggers.size(), " triggers for ", file.keys.size(), " keys");
  for (const std::string& trigger : file.triggers)
    check(trigger.size() <= 1000 && valid_utf8(trigger), "noise table", where,
          ": a trigger is no short text in UTF-8");
}

/// `json` must live until the writer has saved it.
inline void add_json(SafetensorsWriter& writer, const std::string& name, const std::string& json) {
  writer.add(name, SafetensorsType::U8, {static_cast<int64_t>(json.size())}, std::as_bytes(std::span(json)));
}

inline std::vector<std::string> read_texts(const SafetensorsFile& tensors, const std::string& name,
                                           const std::string& where) {
  const std::vector<uint8_t> bytes = tensors.at(name).values<uint8_t>();
  const nlohmann::json list = parse_json(std::string(bytes.begin(), bytes.end()), where);
  check(list.is_array() &&
            std::all_of(list.begin(), list.end(), [](const auto& text) { return text.is_string(); }),
        "noise table", where, ": ", name, " are no list of texts");
  return list.get<std::vector<std::string>>();
}

}  // namespace detail

T2UE_INLINE void write_noise_table(const std::filesystem::path& path, const NoiseTableFile& file) {
  detail::check_noise_table(path.string(), file);
  SafetensorsWriter writer;
  writer.add<int8_t>("steps", {file.rows(), file.size, file.size, 3}, file.steps);
  const std::string keys = nlohmann::json(file.keys).dump(), triggers = nlohmann::json(file.triggers).dump();
  if (file.unit != NoiseUnit::label) {
    detail::add_json(writer, "keys", keys);
    writer.add<int32_t>("rows", {static_cast<int64_t>(file.row_of_key.size())}, file.row_of_key);
  }
  if (!file.triggers.empty()) detail::add_json(writer, "triggers", triggers);
  const nlohmann::json state{{"method", file.method},
                             {"unit", name_of(file.unit)},
                             {"eps_steps", file.eps_steps},
                             {"training", parse_json(file.training, "training")}};
  writer.save(path, {{"format", "t2ue"}, {"kind", "noise table"}, {"state", state.dump()}});
}

T2UE_INLINE NoiseTableFile read_noise_table(const std::filesystem::path& path) {
  return read_noise_table(SafetensorsFile(path), path.string());
}

T2UE_INLINE NoiseTableFile read_noise_table(const SafetensorsFile& tensors, const std::string& where) {
  const auto text = [&](const char* key) {
    const auto found = tensors.metadata().find(key);
    return found == tensors.metadata().end() ? std::string() : found->second;
  };
  check(text("format") == "t2ue" && text("kind") == "noise table", "noise table", where,
        " is no file of noise that t2ue bench made");
  const nlohmann::json state = parse_json(text("state"), where);
  JsonReader reader(state, where);
  NoiseTableFile file;
  file.method = reader.get<std::string>("method");
  file.unit = kind_named<NoiseUnit>(reader.get<std::string>("unit"));
  file.eps_steps = reader.get<int>("eps_steps");
  file.training = reader.get<nlohmann::json>("training").dump();
  reader.done();
  const SafetensorsView& steps = tensors.at("steps");
  check(steps.shape.size() == 4 && steps.shape[1] == steps.shape[2] && steps.shape[3] == 3 &&
            steps.shape[1] <= 65536,
        "noise table", where, ": steps are ", shape_text(steps.shape), " instead of rows of S x S x 3");
  file.size = static_cast<int>(steps.shape[1]);
  file.steps = steps.values<int8_t>();
  if (file.unit != NoiseUnit::label) {
    file.keys = detail::read_texts(tensors, "keys", where);
    file.row_of_key = tensors.at("rows").values<int32_t>();
  }
  if (tensors.tensors().contains("triggers")) file.triggers = detail::read_texts(tensors, "triggers", where);
  detail::check_noise_table(where, file);
  return file;
}

T2UE_INLINE TableNoise::TableNoise(NoiseTableFile file)
    : ItemwiseSource(
          surrogate_card(detail::surrogate_method_of("the noise", file.method), file.unit, file.eps_steps),
          file.size, file.size),
      file_(std::move(file)) {
  for (size_t i = 0; i < file_.keys.size(); ++i) row_of_[file_.keys[i]] = file_.row_of_key[i];
}

T2UE_INLINE Noise TableNoise::noise_of(const NoiseItem& item) const {
  int64_t row = 0;
  if (file_.unit == NoiseUnit::label) {
    row = class_of(item, card().name, static_cast<int>(file_.rows()));
  } else {
    const auto found = row_of_.find(item.key);
    check(found != row_of_.end(), card().name, "has no noise for \"", item.key,
          "\": it was optimised for the pictures of one data set, and this is none of them");
    row = found->second;
  }
  const auto begin = file_.steps.begin() + row * static_cast<int64_t>(values());
  return {height(), width(), {begin, begin + static_cast<int64_t>(values())}};
}

}  // namespace t2ue

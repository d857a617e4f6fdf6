#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/checkpoint.hpp>
#include <t2ue/optim/clip_file.hpp>

namespace t2ue {

namespace detail {
inline void check_vocabulary(const Tokenizer& tokenizer, const ClipConfig& config) {
  check(tokenizer.vocab_size() <= config.text.vocab_size, "clip", "the vocabulary has ",
        tokenizer.vocab_size(), " tokens, the text tower of ", config.name, " knows ",
        config.text.vocab_size);
}
}  // namespace detail

T2UE_INLINE void save_clip(const std::filesystem::path& path, const Clip& model,
                           const ParameterSet& parameters, const Tokenizer& tokenizer,
                           const nlohmann::json& training) {
  detail::check_vocabulary(tokenizer, model.config);
  CheckpointWriter writer;
  writer.add("", parameters);
  writer.save(path, "clip",
              {{"clip", to_json(model.config)},
               {"name", std::filesystem::path(model.config.name).stem().string()},
               {"tokenizer", parse_json(tokenizer.to_json(), "tokenizer")},
               {"training", training}});
}

T2UE_INLINE LoadedClip load_clip(const std::filesystem::path& path, Device device) {
  const CheckpointReader reader(path, "clip");
  const nlohmann::json state = parse_json(reader.state(), path.string());
  try {
    auto model = std::make_unique<Clip>(clip_config_from_json(state.at("clip"), state.at("name")));
    auto parameters =
        std::make_unique<ParameterSet>(*model, 0, device, Precision::fp32, ParameterUse::inference);
    auto tokenizer = Tokenizer::from_json(state.at("tokenizer").dump());
    detail::check_vocabulary(tokenizer, model->config);
    reader.restore("", *parameters);
    return {std::move(model), std::move(parameters), std::move(tokenizer), state.at("training").dump()};
  } catch (const nlohmann::json::exception& error) {
    fail("clip", path, " is damaged: ", error.what());
  }
}

T2UE_INLINE void restore_clip(const std::filesystem::path& path, ParameterSet& parameters) {
  CheckpointReader(path, "clip").restore("", parameters);
}

}  // namespace t2ue

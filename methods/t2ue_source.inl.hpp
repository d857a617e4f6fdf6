#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/noise/manifest.hpp>
#include <t2ue/optim/checkpoint.hpp>
#include <t2ue/training/conditioner.hpp>

namespace t2ue {

namespace detail {
// Fixed batches: a kernel's blocking, and so the last bit of a row, must not depend on how many rows there
// are.
inline constexpr int64_t source_batch = 16;

inline nlohmann::json to_json(const TextConfig& config) {
  TextConfig copy = config;
  return write_fields(fields_of(copy, "text tower"));
}

inline TextConfig text_config_from_json(const nlohmann::json& json) {
  return with_json(TextConfig{}, json, "text tower");
}
}  // namespace detail

T2UE_INLINE void save_generator(const std::filesystem::path& path, const GeneratorConfig& config,
                                const ParameterSet& generator, CaptionEncoder& encoder, uint64_t seed,
                                const CaptionKeywords& keywords, const std::string& training) {
  CheckpointWriter writer;
  writer.add("generator.", generator);
  writer.add("text.", encoder.parameters());
  writer.save(path, "generator",
              {{"generator", to_json(config)},
               {"name", config.name},
               {"text", detail::to_json(encoder.config())},
               {"tokenizer", parse_json(encoder.tokenizer().to_json(), "tokenizer")},
               {"seed", seed},
               {"keywords", keywords.words},
               {"training", parse_json(training, "training record")}});
}

struct T2ueSource::State {
  State(const CheckpointReader& reader, const nlohmann::json& state, const std::filesystem::path& path,
        const Compute& compute)
      : encoder(detail::text_config_from_json(state.at("text")),
                Tokenizer::from_json(state.at("tokenizer").dump()), compute.device),
        conditioner(encoder, {state.at("keywords").get<std::vector<std::string>>()}),
        generator(generator_config_from_json(state.at("generator"), state.at("name").get<std::string>())),
        parameters(generator, 0, compute.device, compute.precision, ParameterUse::inference),
        condition({detail::source_batch, generator.config.condition()}, DType::f32, compute.device),
        latents(generator.config.latent_batch(detail::source_batch, compute.device)),
        seed(state.at("seed").get<uint64_t>()),
        precision(compute.precision),
        sha256(sha256_file(path)),
        step(
            [this](Graph& g) {
              const NoGrad no_grad(g);
              const EvalMode eval_mode(g);
              noise = g.output(generator.noise(g.input(condition), latents ? g.input(latents) : Var{}));
            },
            compute) {
    check(encoder.config().embed_dim == generator.config.condition(), "generator", "the text tower gives ",
          encoder.config().embed_dim, " numbers a caption, the generator wants ",
          generator.config.condition());
    reader.restore("text.", encoder.parameters());
    reader.restore("generator.", parameters);
    card = T2ueSource::describe(generator.config.bound.eps);
    card.resampler = generator.config.bound.resampler;
  }

  CaptionEncoder encoder;
  Conditioner conditioner;
  Generator generator;
  ParameterSet parameters;
  Tensor condition, latents, noise;
  uint64_t seed;
  Precision precision;
  LatentSharing sharing = LatentSharing::all;
  std::string sha256;
  MethodCard card;
  Step step;
};

T2UE_INLINE T2ueSource::T2ueSource(const std::filesystem::path& path, const Compute& compute) {
  const CheckpointReader reader(path, "generator");
  const nlohmann::json state = parse_json(reader.state(), path.string());
  try {
    state_ = std::make_unique<State>(reader, state, path, compute);
  } catch (const nlohmann::json::exception& error) {
    fail("generator", path, " is damaged: ", error.what());
  }
}
T2UE_INLINE T2ueSource::~T2ueSource() = default;
T2UE_INLINE MethodCard T2ueSource::describe(float eps) {
  MethodCard card;
  card.name = "t2ue";
  card.summary = "noise generated from the caption alone (arXiv 2508.03091)";
  card.needs_text = true;
  card.eps = eps;
  card.surrogate = "CLIP";
  card.cost = CostClass::generator;
  return card;
}
T2UE_INLINE const MethodCard& T2ueSource::card() const {
  return state_->card;
}
T2UE_INLINE const GeneratorConfig& T2ueSource::config() const {
  return state_->generator.config;
}
T2UE_INLINE const std::string& T2ueSource::sha256() const {
  return state_->sha256;
}
T2UE_INLINE uint64_t T2ueSource::seed() const {
  return state_->seed;
}
T2UE_INLINE void T2ueSource::set_seed(uint64_t seed) {
  state_->seed = seed;
}
T2UE_INLINE void T2ueSource::set_latent_sharing(LatentSharing sharing) {
  state_->sharing = sharing;
}

T2UE_INLINE void T2ueSource::complete(NoiseRecipe& recipe) const {
  // The sharing decides the noise as the seed does, so it is told with the method.
  if (state_->sharing != LatentSharing::all)
    recipe.method += concat(", a latent each ", name_of(state_->sharing));
  recipe.generator_sha256 = sha256();
  recipe.seed = seed();
  recipe.limiter = config().bound.limiter;
  recipe.precision = state_->precision;
}

T2UE_INLINE std::string T2ueSource::noise_name(const NoiseItem& item) const {
  switch (state_->sharing) {
    case LatentSharing::all:
      return state_->conditioner.keywords().reduce(item.caption);
    case LatentSharing::caption:
      return item.caption;
    default:
      return concat(item.key.size(), ' ', item.key, item.caption);
  }
}

T2UE_INLINE std::vector<Noise> T2ueSource::make(std::span<const NoiseItem> items) {
  State& s = *state_;
  const auto batch = static_cast<size_t>(detail::source_batch);
  const int side = static_cast<int>(s.generator.config.output_size());
  const int eps_steps = static_cast<int>(std::floor(s.generator.config.bound.eps * 255.0f + 1e-3f));
  std::vector<std::string> captions;
  for (const NoiseItem& item : items) {
    check(!item.caption.empty(), "t2ue", "'", item.key, "' has no caption");
    check_caption(item.caption);
    captions.push_back(item.caption);
  }
  const std::vector<float> rows = s.conditioner.rows(captions);
  const auto width = static_cast<size_t>(s.generator.config.condition());
  std::vector<Noise> result;
  for (size_t begin = 0; begin < items.size(); begin += batch) {
    std::vector<float> condition, latents;
    for (size_t b = 0; b < batch; ++b) {
      const size_t i = std::min(begin + b, items.size() - 1);
      condition.insert(condition.end(), rows.begin() + static_cast<int64_t>(i * width),
                       rows.begin() + static_cast<int64_t>((i + 1) * width));
      const uint64_t draw = s.sharing == LatentSharing::all       ? 0
                            : s.sharing == LatentSharing::caption ? item_number(items[i].caption)
                                                                  : item_number(items[i].key);
      const std::vector<float> z = latent_vector(s.generator.config.latents(), s.seed, draw);
      latents.insert(latents.end(), z.begin(), z.end());
    }
    s.condition.assign(condition);
    if (s.latents) s.latents.assign(latents);
    s.step.run();
    const std::vector<float> values = s.noise.to_floats();
    const size_t size = static_cast<size_t>(side) * static_cast<size_t>(side) * 3;
    for (size_t b = 0; b < std::min(batch, items.size() - begin); ++b)
      result.push_back(quantise_noise(Pixels{std::span<const float>(values).subspan(b * size, size)}, side,
                                      side, eps_steps));
  }
  return result;
}

}  // namespace t2ue

#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/pair.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/noise/manifest.hpp>
#include <t2ue/optim/checkpoint.hpp>
#include <t2ue/training/conditions.hpp>

namespace t2ue {

namespace detail {
// Fixed batches: a kernel's blocking, and so the last bit of a row, must not depend on how many rows there
// are.
inline constexpr int64_t source_batch = 16;

inline void check_caption(const std::string& caption) {
  constexpr size_t limit = 10'000;
  check(!caption.empty(), "caption", "a caption is empty; noise is made from words");
  check(caption.size() <= limit, "caption", "a caption has ", caption.size(),
        " bytes, more than the limit of ", limit);
  check(valid_utf8(caption), "caption", "a caption is not valid UTF-8: '", caption.substr(0, 40), "'");
}

inline nlohmann::json to_json(const TextConfig& c) {
  return {{"context_length", c.context_length},
          {"vocab_size", c.vocab_size},
          {"width", c.transformer.width},
          {"heads", c.transformer.heads},
          {"layers", c.transformer.layers},
          {"embed_dim", c.embed_dim},
          {"activation", name_of(c.transformer.activation)}};
}

inline TextConfig text_config_from_json(const nlohmann::json& json) {
  JsonReader reader(json, "text tower");
  TextConfig c;
  c.context_length = reader.in_range<int64_t>("context_length", 2, 4096, 77);
  c.vocab_size = reader.in_range<int64_t>("vocab_size", 3, 10'000'000, 49408);
  c.transformer.width = reader.in_range<int64_t>("width", 1, 8192, 512);
  c.transformer.heads = reader.in_range<int>("heads", 1, 256, 8);
  c.transformer.layers = reader.in_range<int>("layers", 0, 128, 12);
  c.transformer.activation = kind_named<Activation>(reader.get<std::string>("activation", "gelu"));
  c.transformer.causal = true;
  c.embed_dim = reader.in_range<int64_t>("embed_dim", 1, 65536, 512);
  reader.done();
  return c;
}
}  // namespace detail

T2UE_INLINE CaptionEncoder::CaptionEncoder(const TextConfig& config, Tokenizer tokenizer, Device device)
    : config_(config),
      tokenizer_(std::move(tokenizer)),
      tower_(config),
      parameters_(tower_, 0, device, Precision::fp32, ParameterUse::inference),
      ids_(Tensor::zeros({detail::source_batch, config.context_length}, DType::i32, device)),
      end_(Tensor::zeros({detail::source_batch}, DType::i32, device)) {
  check(tokenizer_.vocab_size() <= config.vocab_size, "caption encoder", "the vocabulary has ",
        tokenizer_.vocab_size(), " tokens, the text tower knows ", config.vocab_size);
  step_ = std::make_unique<Step>(
      [this](Graph& g) {
        const NoGrad no_grad(g);
        features_ = g.output(tower_(g.input(ids_), g.input(end_)));
      },
      Compute{device});
}

T2UE_INLINE std::vector<float> CaptionEncoder::encode(std::span<const std::string> captions) {
  std::vector<std::string> lines;
  std::vector<size_t> count;  // lines of each caption
  for (const std::string& caption : captions) {
    detail::check_caption(caption);
    const size_t before = lines.size();
    for (std::string& line : lines_of(caption)) lines.push_back(std::move(line));
    count.push_back(lines.size() - before);
  }
  const auto width = static_cast<size_t>(config_.embed_dim);
  std::vector<float> features = encode_lines(lines);
  if (lines.size() == captions.size()) return features;
  std::vector<float> means(captions.size() * width, 0.0f);
  auto feature = features.begin();
  for (size_t i = 0; i < captions.size(); ++i)
    for (size_t line = 0; line < count[i]; ++line)
      for (size_t c = 0; c < width; ++c) means[i * width + c] += *feature++ / static_cast<float>(count[i]);
  return means;
}

T2UE_INLINE std::vector<float> CaptionEncoder::encode_lines(std::span<const std::string> captions) {
  const int context = static_cast<int>(config_.context_length);
  const auto width = static_cast<size_t>(config_.embed_dim),
             batch = static_cast<size_t>(detail::source_batch);
  const std::vector<int32_t> all = tokenizer_.encode_batch(captions, context),
                             all_end = tokenizer_.end_positions(all, context);
  std::vector<float> rows;
  rows.reserve(captions.size() * width);
  for (size_t begin = 0; begin < captions.size(); begin += batch) {
    std::vector<int32_t> ids, end;
    for (size_t b = 0; b < batch; ++b) {
      const size_t caption = std::min(begin + b, captions.size() - 1);
      const auto row = all.begin() + static_cast<int64_t>(caption) * context;
      ids.insert(ids.end(), row, row + context);
      end.push_back(all_end[caption]);
    }
    ids_.assign(ids);
    end_.assign(end);
    step_->run();
    const std::vector<float> values = features_.to_vector<float>();
    const size_t used = std::min(batch, captions.size() - begin);
    rows.insert(rows.end(), values.begin(), values.begin() + static_cast<int64_t>(used * width));
  }
  return rows;
}

T2UE_INLINE void save_generator(const std::filesystem::path& path, const SsaGeneratorConfig& config,
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
        generator(generator_config_from_json(state.at("generator"), state.at("name").get<std::string>())),
        parameters(generator, 0, compute.device, compute.precision, ParameterUse::inference),
        condition({detail::source_batch, generator.config.condition}, DType::f32, compute.device),
        latent({detail::source_batch, generator.config.latent}, DType::f32, compute.device),
        seed(state.at("seed").get<uint64_t>()),
        precision(compute.precision),
        sha256(sha256_file(path)),
        step(
            [this](Graph& g) {
              const NoGrad no_grad(g);
              const EvalMode eval_mode(g);
              noise = g.output(generator.noise(g.input(condition), g.input(latent)));
            },
            compute) {
    check(encoder.config().embed_dim == generator.config.condition, "generator", "the text tower gives ",
          encoder.config().embed_dim, " numbers a caption, the generator wants ", generator.config.condition);
    keywords.words = state.at("keywords").get<std::vector<std::string>>();
    reader.restore("text.", encoder.parameters());
    reader.restore("generator.", parameters);
    card = T2ueSource::describe(generator.config.eps);
    card.resampler = generator.config.resampler;
  }

  CaptionEncoder encoder;
  CaptionKeywords keywords;
  SsaGenerator generator;
  ParameterSet parameters;
  Tensor condition, latent, noise;
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
T2UE_INLINE const SsaGeneratorConfig& T2ueSource::config() const {
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
  recipe.limiter = config().limiter;
  recipe.precision = state_->precision;
}

T2UE_INLINE std::string T2ueSource::noise_name(const NoiseItem& item) const {
  switch (state_->sharing) {
    case LatentSharing::all:
      return state_->keywords.reduce(item.caption);
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
  const int eps_steps = static_cast<int>(std::floor(s.generator.config.eps * 255.0f + 1e-3f));
  std::vector<std::string> captions;
  for (const NoiseItem& item : items) {
    check(!item.caption.empty(), "t2ue", "'", item.key, "' has no caption");
    detail::check_caption(item.caption);
    captions.push_back(s.keywords.reduce(item.caption));
  }
  const std::vector<float> embeddings = s.encoder.encode(captions);
  const auto width = static_cast<size_t>(s.generator.config.condition);
  std::vector<Noise> result;
  for (size_t begin = 0; begin < items.size(); begin += batch) {
    std::vector<float> condition, latent;
    for (size_t b = 0; b < batch; ++b) {
      const size_t i = std::min(begin + b, items.size() - 1);
      condition.insert(condition.end(), embeddings.begin() + static_cast<int64_t>(i * width),
                       embeddings.begin() + static_cast<int64_t>((i + 1) * width));
      const uint64_t draw = s.sharing == LatentSharing::all       ? 0
                            : s.sharing == LatentSharing::caption ? item_number(items[i].caption)
                                                                  : item_number(items[i].key);
      const std::vector<float> z = latent_vector(s.generator.config.latent, s.seed, draw);
      latent.insert(latent.end(), z.begin(), z.end());
    }
    s.condition.assign(condition);
    s.latent.assign(latent);
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

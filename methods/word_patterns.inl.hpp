#pragma once

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/methods/textures.hpp>
#include <t2ue/methods/word_patterns.hpp>
#include <t2ue/optim/checkpoint.hpp>

namespace t2ue {

namespace detail {
inline void check_pattern_size(const std::string& where, int64_t size) {
  check(size >= 1 && size <= 1024, "word patterns", where, ": patterns of ", size, " x ", size,
        " are outside 1..1024");
}

inline void check_word_patterns(const std::string& where, const WordPatternsFile& file) {
  linf_budget("word_patterns", file.eps_steps);
  check_pattern_size(where, file.size);
  check(!file.keywords.words.empty() && file.keywords.words.size() <= 65536, "word patterns", where, ": ",
        file.keywords.words.size(), " keywords are outside 1..65536");
  std::set<std::string> seen;
  for (const std::string& word : file.keywords.words)
    check(!word.empty() && seen.insert(word).second, "word patterns", where, ": the keyword '", word,
          "' is empty or comes twice");
  check(static_cast<int64_t>(file.patterns.size()) ==
            file.size * file.size * 3 * word_weight_count(file.keywords),
        "word patterns", where, ": ", file.patterns.size(), " numbers are no patterns of ", file.size, " x ",
        file.size, " x 3 for ", word_weight_count(file.keywords), " words");
  check(std::all_of(file.patterns.begin(), file.patterns.end(), [](float x) { return std::isfinite(x); }),
        "word patterns", where, ": a pattern is not finite");
}
}  // namespace detail

T2UE_INLINE std::vector<float> word_weights(const CaptionKeywords& keywords, const std::string& text) {
  const std::vector<int> counts = keywords.counts_in(text);
  std::vector<float> weights(counts.begin(), counts.end());
  weights.push_back(0);
  float squares = 0;
  for (const float weight : weights) squares += weight * weight;
  if (squares == 0)
    weights.back() = 1;
  else
    for (float& weight : weights) weight /= std::sqrt(squares);
  return weights;
}

T2UE_INLINE std::vector<float> word_pattern_start(const CaptionKeywords& keywords, int64_t size,
                                                  int64_t coarseness) {
  check(coarseness >= 1 && coarseness <= size, "word patterns", "a coarseness of ", coarseness,
        " pixels is outside 1..", size, ", the patterns' side");
  const auto columns = static_cast<size_t>(word_weight_count(keywords));
  std::vector<float> patterns(static_cast<size_t>(size * size * 3) * columns, 0.0f);
  const size_t drawn = std::min(keywords.words.size(), static_cast<size_t>(texture_count) - 1);
  const auto start_as = [&](size_t column, size_t texture) {
    const std::vector<int8_t> signs = texture_signs(static_cast<int>(texture), static_cast<int>(size));
    const auto side = static_cast<size_t>(size), dot = static_cast<size_t>(coarseness);
    for (size_t p = 0; p < signs.size(); ++p) {
      const size_t y = p / 3 / side / dot, x = p / 3 % side / dot;
      patterns[p * columns + column] = signs[(y * side + x) * 3 + p % 3];
    }
  };
  for (size_t w = 0; w < drawn; ++w) start_as(w, w);
  start_as(columns - 1, drawn);
  return patterns;
}

T2UE_INLINE void write_word_patterns(const std::filesystem::path& path, const WordPatternsFile& file) {
  detail::check_word_patterns(path.string(), file);
  CheckpointWriter writer;
  writer.add("patterns", {file.size, file.size, 3, word_weight_count(file.keywords)}, file.patterns);
  writer.save(path, "word patterns",
              {{"keywords", file.keywords.words},
               {"size", file.size},
               {"eps_steps", file.eps_steps},
               {"training", parse_json(file.training, "training record")}});
}

T2UE_INLINE WordPatternsFile read_word_patterns(const std::filesystem::path& path) {
  const CheckpointReader reader(path, "word patterns");
  const nlohmann::json state = parse_json(reader.state(), path.string());
  JsonReader fields(state, path.string());
  WordPatternsFile file;
  file.keywords.words = fields.get<std::vector<std::string>>("keywords");
  file.size = fields.get<int64_t>("size");
  file.eps_steps = fields.get<int>("eps_steps");
  file.training = fields.get<nlohmann::json>("training").dump();
  fields.done();
  detail::check_pattern_size(path.string(), file.size);
  file.patterns = reader.floats("patterns", file.size * file.size * 3 * word_weight_count(file.keywords));
  detail::check_word_patterns(path.string(), file);
  return file;
}

T2UE_INLINE MethodCard WordPatterns::describe(int eps_steps) {
  MethodCard card;
  card.name = "word_patterns";
  card.summary = "a learned pattern for each keyword of the captions, laid over each other";
  card.needs_text = true;
  card.eps = linf_budget("word_patterns", eps_steps).eps;
  card.surrogate = "CLIP";
  card.cost = CostClass::generator;
  card.resampler = Resampler::tile;
  return card;
}

T2UE_INLINE WordPatterns::WordPatterns(WordPatternsFile file)
    : ItemwiseSource(describe(file.eps_steps), static_cast<int>(file.size), static_cast<int>(file.size)),
      file_(std::move(file)) {
  detail::check_word_patterns("the file", file_);
}

T2UE_INLINE Noise WordPatterns::noise_of(const NoiseItem& item) const {
  check(!item.caption.empty(), card().name, "the item \"", item.key, "\" has no caption");
  const std::vector<float> weights = word_weights(file_.keywords, item.caption);
  std::vector<float> noise;
  noise.reserve(values());
  const float eps = card().eps;
  for (size_t p = 0; p < values(); ++p) {
    float sum = 0;
    for (size_t w = 0; w < weights.size(); ++w) sum += weights[w] * file_.patterns[p * weights.size() + w];
    noise.push_back(eps * std::tanh(sum));
  }
  return quantise_noise(Pixels{std::span<const float>(noise)}, height(), width(), file_.eps_steps);
}

}  // namespace t2ue

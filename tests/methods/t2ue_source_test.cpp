#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <emulation/backend.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <paths.hpp>
#include <t2ue/core/atomic_file.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>
#include <t2ue/noise/manifest.hpp>

namespace t2ue {
namespace {

SsaGeneratorConfig tiny_generator() {
  SsaGeneratorConfig c;
  c.latent = 4, c.condition = 8, c.width = 4, c.multipliers = {2, 2}, c.hidden = 8;
  c.mask_hidden = 4, c.gain_start = 1, c.modulation_start = 1, c.output_start = 4;
  return c;
}

struct Source : testing::Test {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) /
      concat("t2ue_source_", testing::UnitTest::GetInstance()->current_test_info()->name());

  void save(const CaptionKeywords& keywords = {}) {
    const std::vector<std::string> captions{"a red ball", "a blue ball", "a red house"};
    save_with(BytePairTokenizer::train(captions, 270), 270, keywords);
  }
  void save_with(const Tokenizer& tokenizer, int64_t vocab_size, const CaptionKeywords& keywords = {}) {
    CaptionEncoder encoder({8, vocab_size, {16, 1, 2, Activation::gelu, true}, 8}, tokenizer);
    encoder.parameters().initialise(3);
    Generator generator(tiny_generator());
    ParameterSet parameters(generator, 4);
    save_generator(path, generator.config, parameters, encoder, 5, keywords);
  }
  static std::vector<NoiseItem> items(const std::vector<std::string>& captions) {
    std::vector<NoiseItem> all;
    for (const std::string& caption : captions)
      all.push_back({concat("key", all.size()), caption, std::nullopt, nullptr});
    return all;
  }
};

TEST_F(Source, NoiseBelongsToTheCaption) {
  save();
  T2ueSource source(path);
  const auto all = source.make(items({"a red ball", "a blue house", "a red ball"}));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0], all[2]);
  EXPECT_NE(all[0], all[1]);
  int largest = 0;
  for (const Noise& noise : all) {
    EXPECT_EQ(noise.width, 8);
    EXPECT_EQ(noise.height, 8);
    for (const int8_t step : noise.steps) largest = std::max(largest, std::abs(int{step}));
  }
  EXPECT_LE(largest, 8);
  EXPECT_GT(largest, 0);
  EXPECT_EQ(T2ueSource(path).make(items({"a red ball"}))[0], all[0]) << "another process, another place";
  EXPECT_EQ(source.sha256(), sha256_file(path));
  EXPECT_EQ(source.seed(), 5u);
  EXPECT_TRUE(source.card().needs_text);
  EXPECT_FALSE(source.card().needs_image);
}

TEST_F(Source, IsMadeByTheRegistryToo) {
  save();
  const auto list = items({"a red ball", "a blue house"});
  const MethodFacts facts;
  const auto source = make_noise_source("t2ue", {{"generator_file", path.string()}}, facts);
  EXPECT_EQ(source->make(list), T2ueSource(path).make(list));
  EXPECT_EQ(source->card().name, "t2ue");
  EXPECT_EQ(source->card().cost, CostClass::generator);
  EXPECT_EQ(source->card().max_steps(), 8);
  T2ueSource item_wise(path);
  item_wise.set_seed(9);
  item_wise.set_latent_sharing(LatentSharing::item);
  EXPECT_EQ(
      make_noise_source("t2ue", {{"generator_file", path.string()}, {"latent", "item"}, {"seed", 9}}, facts)
          ->make(list),
      item_wise.make(list));
  EXPECT_THROW(make_noise_source("t2ue", {{"generator_file", path.string()}, {"latent", "none"}}, facts),
               Error);
}

TEST_F(Source, ClipsVocabularyIsInTheFile) {
  const auto folder = testing_paths::reference_path("clip_bpe");
  const Tokenizer tokenizer = Tokenizer::load(folder, 764);
  save_with(tokenizer, 764);
  const auto all = T2ueSource(path).make(items({"A red  ball", "a red ball", "a &lt;&#51; house"}));
  EXPECT_EQ(all[0], all[1]) << "CLIP sees no difference";
  EXPECT_NE(all[0], all[2]);
  EXPECT_EQ(T2ueSource(path).make(items({"a <3 house"}))[0], all[2]);
  const std::string first = read_text(path);
  EXPECT_NE(first.find("clip-bpe"), std::string::npos);
  save_with(Tokenizer::from_json(tokenizer.to_json()), 764);
  EXPECT_EQ(read_text(path), first);
  EXPECT_THROW(save_with(tokenizer, 763), Error) << "a text tower that knows fewer tokens";
}

/// The features are those of the tower at the end token, where CLIP's argmax reads them.
TEST_F(Source, TextsAreReadAtTheirEnd) {
  const auto folder = testing_paths::reference_path("clip_bpe");
  const TextConfig config{8, 764, {16, 1, 2, Activation::gelu, true}, 8};
  CaptionEncoder encoder(config, Tokenizer::load(folder, 764));
  encoder.parameters().initialise(3);
  std::vector<std::string> captions;
  for (int i = 0; i < 19; ++i)  // more than one batch, some too long for the context
    captions.push_back(concat("red ", std::string(static_cast<size_t>(i), 'x')));
  const auto together = encoder.encode(captions);
  ASSERT_EQ(together.size(), 19u * 8u);

  const std::vector<int32_t> ids = encoder.tokenizer().encode_batch(captions, 8);
  TextTower tower(config);
  ParameterSet parameters(tower, 3);
  std::vector<int32_t> ends;
  for (size_t i = 0; i < captions.size(); ++i) {
    const auto row = ids.begin() + static_cast<ptrdiff_t>(8 * i);
    ends.push_back(static_cast<int32_t>(std::max_element(row, row + 8) - row));
  }
  Tensor ids_tensor = Tensor::zeros({19, 8}, DType::i32), end_tensor = Tensor::zeros({19}, DType::i32), out;
  ids_tensor.assign(ids);
  end_tensor.assign(ends);
  Step step([&](Graph& g) {
    const NoGrad no_grad(g);
    out = g.output(tower(g.input(ids_tensor), g.input(end_tensor)));
  });
  step.run();
  const auto expected = out.to_vector<float>();
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(together[i], expected[i], 1e-4f) << i;
}

TEST_F(Source, BatchMatesDoNotMatter) {
  save();
  T2ueSource source(path);
  std::vector<std::string> captions;
  for (int i = 0; i < 19; ++i) captions.push_back(concat("thing number ", i));  // more than one batch
  const auto together = source.make(items(captions));
  for (size_t i = 0; i < captions.size(); i += 6)
    EXPECT_EQ(source.make(items({captions[i]}))[0], together[i]) << "caption " << i;
}

TEST_F(Source, LatentsFollowTheSeedAndTheSharing) {
  save();
  T2ueSource source(path);
  const auto same = items({"a red ball", "a red ball"});
  const auto before = source.make(same);
  source.set_latent_sharing(LatentSharing::item);
  const auto by_item = source.make(same);
  EXPECT_NE(by_item[0], by_item[1]);
  source.set_latent_sharing(LatentSharing::caption);
  const auto by_caption = source.make(same);
  EXPECT_EQ(by_caption[0], by_caption[1]);
  source.set_latent_sharing(LatentSharing::all);
  EXPECT_EQ(source.make(same), before);
  source.set_seed(6);
  EXPECT_NE(source.make(same), before);
}

TEST_F(Source, CaptionsWithAKeywordShareItsNoise) {
  save({{"red"}});
  const auto all = T2ueSource(path).make(items({"a red ball", "a Red house", "a blue ball", "a blue house"}));
  EXPECT_EQ(all[0], all[1]);
  EXPECT_EQ(all[2], all[3]);
  EXPECT_NE(all[0], all[2]);
}

TEST_F(Source, SeveralCaptionsAreReadAsTheirMean) {
  CaptionEncoder encoder(
      {8, 270, {16, 1, 2, Activation::gelu, true}, 8},
      BytePairTokenizer::train(std::vector<std::string>{"a red ball", "a blue house"}, 270));
  encoder.parameters().initialise(3);
  const std::vector<std::string> texts{"a red ball\na blue house\n", "a red ball", "a blue house", " \n "};
  const std::vector<float> rows = encoder.encode(texts);
  ASSERT_EQ(rows.size(), 4u * 8);
  for (size_t c = 0; c < 8; ++c) EXPECT_NEAR(rows[c], 0.5f * (rows[8 + c] + rows[16 + c]), 1e-6f);
  EXPECT_NE(std::vector<float>(rows.begin() + 8, rows.begin() + 16),
            std::vector<float>(rows.begin() + 16, rows.begin() + 24));
  const std::vector<std::string> alone{"a red ball"};
  EXPECT_EQ(encoder.encode(alone), std::vector<float>(rows.begin() + 8, rows.begin() + 16));
}

TEST_F(Source, TellsWhatItsNoiseIsMadeFrom) {
  save();
  T2ueSource source(path);
  source.set_latent_sharing(LatentSharing::item);
  const Noise made = source.make(items({"a red ball"})).front();
  const NoiseRecipe told = recipe_of(source, 77, made.height, made.width);
  EXPECT_EQ(told.method, "t2ue, a latent each item");
  EXPECT_EQ(told.seed, 5u) << "the latents' seed, whatever the caller draws by";
  EXPECT_EQ(told.generator_sha256, sha256_file(path));
  EXPECT_EQ(told.eps_steps, 8);
  EXPECT_EQ(told.height, 8);
  EXPECT_EQ(told.width, 8);
  MethodFacts facts;
  facts.height = 6, facts.width = 5;
  const auto other = make_noise_source("random_sign", {{"eps_steps", 4}}, facts);
  const NoiseRecipe plain = recipe_of(*other, 77, 6, 5);
  EXPECT_EQ(plain.method, "random_sign");
  EXPECT_EQ(plain.seed, 77u);
  EXPECT_EQ(plain.eps_steps, 4);
  EXPECT_EQ(plain.height, 6);
  EXPECT_TRUE(plain.generator_sha256.empty());
}

TEST_F(Source, Bf16GivesNearlyTheSameNoise) {
  save();
  const auto all = items({"a red ball", "a blue house"});
  const auto exact = T2ueSource(path).make(all);
  const auto rounded =
      T2ueSource(path, {.device = emulation::device(), .precision = Precision::bf16}).make(all);
  EXPECT_NE(exact, rounded) << "nothing was rounded";
  for (size_t i = 0; i < all.size(); ++i) {
    double difference = 0, size = 0;
    for (size_t j = 0; j < exact[i].steps.size(); ++j) {
      difference += std::abs(exact[i].steps[j] - rounded[i].steps[j]);
      size += std::abs(exact[i].steps[j]);
    }
    EXPECT_LT(difference, 0.1 * size) << all[i].caption;
  }
  EXPECT_THROW(T2ueSource(path, {.precision = Precision::bf16}), Error) << "the CPU has no bf16";
}

TEST_F(Source, RefusesBadCaptions) {
  save();
  T2ueSource source(path);
  EXPECT_THROW(source.make(items({""})), Error);
  EXPECT_THROW(source.make(items({"bad \xFF byte"})), Error);
  EXPECT_THROW(source.make(items({std::string(1'000'000, 'a')})), Error);
  EXPECT_EQ(source.make(items({std::string(10'000, 'a')})).size(), 1u);
  EXPECT_TRUE(source.make({}).empty());
}

TEST_F(Source, RefusesDamagedFiles) {
  save();
  std::string bytes;
  {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  for (const size_t length : {size_t{0}, size_t{7}, bytes.size() / 2, bytes.size() - 1}) {
    std::ofstream(path, std::ios::binary) << bytes.substr(0, length);
    EXPECT_THROW(T2ueSource{path}, Error) << length << " bytes";
  }
  const size_t at = bytes.find("\\\"seed\\\"");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + 2, 4, "sEEd");
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_THROW(T2ueSource{path}, Error) << "a state without a seed";
  EXPECT_THROW(T2ueSource{path.string() + ".absent"}, Error);
}

}  // namespace
}  // namespace t2ue
